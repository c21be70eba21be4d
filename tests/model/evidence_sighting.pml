/*
 * Sightings: evidence_sighting_put() and evidence_sighting_get(), step by step.
 *
 * Four writers put hits into two places: the first two the same hit, the third one
 * with the same (entity, high) and another low, the last one with another of both. A reader looks meanwhile. Every line that begins with a shared
 * variable is one atomic step of the C code; pair is (entity, high), which are
 * claimed at once. Memory is sequentially consistent here.
 *
 * Held: a hit that was put, or found, is read by whoever looks afterwards; nothing
 * is read that nobody brought; no hit has two places, and none is kept apart while
 * it has one.
 *
 * Broken on purpose by one of -DPLAIN_PAIR (claimed by load and store),
 * -DPLAIN_LOW (completed by load and store), -DTRUST_PAIR (a place with the same
 * pair is taken for the same hit), -DOWN_ONLY (only the claimer completes it; the
 * others take it for known), -DREAD_PAIR (read without its low).
 */
#define PLACES	2
#define WRITERS 4

byte pair[PLACES], low[PLACES];
byte apart;    /* hits that found no place */
byte finished;

inline put(p, l)
{
	i = 0;
	do
	:: i == PLACES -> apart++; there = false; break
	:: else ->
		seen = pair[i];
		mine = false;
		if
		:: seen == 0 ->
#ifdef PLAIN_PAIR
			pair[i] = p; mine = true; seen = p
#else
			atomic {
				if
				:: pair[i] == 0 -> pair[i] = p; mine = true
				:: else
				fi;
				seen = pair[i]
			}
#endif
		:: else
		fi;
		if
		:: seen != p -> i++
		:: else ->
#ifdef TRUST_PAIR
			if
			:: !mine -> there = true; break
			:: else
			fi;
#endif
			seen = low[i];
			if
			:: seen == 0 ->
#ifdef OWN_ONLY
				if
				:: !mine -> there = true; break
				:: else
				fi;
#endif
#ifdef PLAIN_LOW
				low[i] = l; seen = l
#else
				atomic {
					if
					:: low[i] == 0 -> low[i] = l
					:: else
					fi;
					seen = low[i]
				}
#endif
			:: else
			fi;
			if
			:: seen == l -> there = true; break
			:: else -> i++
			fi
		fi
	od
}

/* Complete places with this hit. */
inline look(p, l)
{
	d_step {
		i = 0; n = 0;
		do
		:: i < PLACES ->
			if
			:: low[i] != 0 && pair[i] == p && low[i] == l -> n++
			:: else
			fi;
			i++
		:: else -> break
		od;
		i = 0
	}
}

proctype writer(byte p, l)
{
	byte i, n, seen;
	bool there, mine;

	put(p, l);
	look(p, l);
	assert(n <= 1);
	assert(!there || n == 1);
	finished++
}

/* The hits there are: (1, 1), (1, 2), (2, 2). */
active proctype reader()
{
	byte i, l, p;

	do
	:: i < PLACES ->
		l = low[i];
		if
#ifndef READ_PAIR
		:: l == 0
#endif
		:: else ->
			p = pair[i];
			assert(p == 0 || (p == 1 && (l == 1 || l == 2)) || (p == 2 && l == 2));
			assert(p != 0 || l == 0)
		fi;
		i++
	:: else -> break
	od
}

init {
	atomic {
		run writer(1, 1); run writer(1, 1); run writer(1, 2); run writer(2, 2)
	};
	finished == WRITERS;
	/* three hits for two places */
	assert(low[0] != 0 && low[1] != 0 && !(pair[0] == pair[1] && low[0] == low[1]))
}
