/*
 * Sightings: evidence_sighting_put() and evidence_sighting_get(), step by step.
 *
 * Four writers put hits into two places of a cell whose hits are named: the first two the
 * same hit, the third one with the same (entity, high) and another name, the last one
 * that differs in its digest alone, or in all. A reader looks meanwhile. Every line that begins with
 * a shared variable is one atomic step of the C code; pair is (entity, high), which are
 * claimed at once. Where hits are not named, the middle step is left out; that is this
 * with one name. Memory is sequentially consistent here.
 *
 * Held: a hit that was put, or found, is read by whoever looks afterwards; nothing
 * is read that nobody brought; no hit has two places, and none is kept apart while
 * it has one.
 *
 * Broken on purpose by one of -DPLAIN_PAIR (claimed by load and store), -DPLAIN_NAME
 * (named by load and store), -DPLAIN_DIGEST (completed by load and store), -DTRUST_PAIR
 * (a place with the same pair is taken for the same hit), -DTRUST_NAME (a place with
 * another name is completed all the same), -DOWN_ONLY (only the claimer completes it;
 * the others take it for known), -DREAD_PAIR (read without its digest).
 */
#define PLACES	2
#define WRITERS 4

byte pair[PLACES], name[PLACES], digest[PLACES];
byte apart;    /* hits that found no place */
byte finished;

inline put(p, m, d)
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
		:: seen != p -> goto next
		:: else
		fi;
#ifdef TRUST_PAIR
		if
		:: !mine -> there = true; break
		:: else
		fi;
#endif
		seen = name[i];
		if
		:: seen == 0 ->
#ifdef PLAIN_NAME
			name[i] = m; seen = m
#else
			atomic {
				if
				:: name[i] == 0 -> name[i] = m
				:: else
				fi;
				seen = name[i]
			}
#endif
		:: else
		fi;
#ifndef TRUST_NAME
		if
		:: seen != m -> goto next
		:: else
		fi;
#endif
		seen = digest[i];
		if
		:: seen == 0 ->
#ifdef OWN_ONLY
			if
			:: !mine -> there = true; break
			:: else
			fi;
#endif
#ifdef PLAIN_DIGEST
			digest[i] = d; seen = d
#else
			atomic {
				if
				:: digest[i] == 0 -> digest[i] = d
				:: else
				fi;
				seen = digest[i]
			}
#endif
		:: else
		fi;
		if
		:: seen == d -> there = true; break
		:: else
		fi;
next:		i++
	od
}

/* Complete places with this hit. */
inline look(p, m, d)
{
	d_step {
		i = 0; n = 0;
		do
		:: i < PLACES ->
			if
			:: pair[i] == p && name[i] == m && digest[i] == d -> n++
			:: else
			fi;
			i++
		:: else -> break
		od;
		i = 0
	}
}

proctype writer(byte p, m, d)
{
	byte i, n, seen;
	bool there, mine;

	put(p, m, d);
	look(p, m, d);
	assert(n <= 1);
	assert(!there || n == 1);
	finished++
}

/* The hits there are: (1, 1, 1), (1, 2, 2), (1, 1, 3), (2, 1, 4). */
active proctype reader()
{
	byte i, d, m, p;

	do
	:: i < PLACES ->
		d = digest[i];
		if
#ifndef READ_PAIR
		:: d == 0
#endif
		:: else ->
			p = pair[i];
			m = name[i];
			assert((p == 1 && m == 1 && (d == 1 || d == 3)) ||
			       (p == 1 && m == 2 && d == 2) || (p == 2 && m == 1 && d == 4))
		fi;
		i++
	:: else -> break
	od
}

init {
	atomic {
		run writer(1, 1, 1); run writer(1, 1, 1); run writer(1, 2, 2);
		if
		:: run writer(1, 1, 3)
		:: run writer(2, 1, 4)
		fi
	};
	finished == WRITERS;
	/* three hits for two places */
	assert(digest[0] != 0 && digest[1] != 0 && digest[0] != digest[1])
}
