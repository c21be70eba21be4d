/*
 * Claim and link: evidence_table_slot() and evidence_table_link(), step by step.
 *
 * Four writers join three elements into one cell; the first two bring the same
 * one, so that one of them finds a slot that is claimed and not linked. Every
 * line that begins with a shared variable is one atomic step of the C code, in
 * its order. Memory is sequentially consistent here; the orders that the C code
 * asks for are for ThreadSanitizer and the header to answer.
 *
 * Held: a finished update is on the list at once; a slot on the list has been
 * joined; no element has two slots; the list has no cycle.
 *
 * Broken on purpose by one of -DNO_HELP (a found slot is left to its claimer),
 * -DCOVER_UNLINKED (a head is covered before it is marked), -DLINK_FIRST (linked
 * before it is joined), -DPLAIN_CLAIM (claimed by load and store), -DBLIND_HEAD
 * (the head is stored, not compared).
 */
#define SLOTS	4
#define WRITERS 4

byte owner[SLOTS + 1];	/* 0 = free, else the element; slots count from 1 */
byte field[SLOTS + 1];	/* bit per writer that has joined */
byte next[SLOTS + 1];
bool on[SLOTS + 1];	/* the LINKED bit of next */
byte head;
byte finished;

inline claim(element, slot)
{
	slot = 1;
	do
	:: owner[slot] == element -> break
	:: owner[slot] != 0 && owner[slot] != element -> slot++
	:: owner[slot] == 0 ->
#ifdef PLAIN_CLAIM
		owner[slot] = element;
		break
#else
		atomic {
			if
			:: owner[slot] == 0 -> owner[slot] = element; mine = true
			:: else
			fi
		}
#endif
	od;
	assert(slot <= SLOTS)
}

inline link(slot)
{
	do
	:: atomic { seen = next[slot]; linked = on[slot] };
	   if
	   :: linked -> break
	   :: else
	   fi;
	   h = head;
	   if
	   :: h != slot ->
		if
		:: seen != h ->
			atomic {
				if
				:: next[slot] == seen && !on[slot] -> next[slot] = h; ok = true
				:: else -> ok = false
				fi
			}
		:: else -> ok = true
		fi;
		if
		:: !ok -> goto again
		:: else
		fi;
#ifndef COVER_UNLINKED
		if
		:: h != 0 -> on[h] = true
		:: else
		fi;
#endif
#ifdef BLIND_HEAD
		head = slot
#else
		atomic {
			if
			:: head == h -> head = slot; ok = true
			:: else -> ok = false
			fi
		};
		if
		:: !ok -> goto again
		:: else
		fi
#endif
	   :: else
	   fi;
	   on[slot] = true;
	   break;
again:	   skip
	od
}

/* A reader's walk: next never changes under a linked node, so one step will do. */
inline look(slot)
{
	d_step {
		at = head; steps = 0; found = false;
		do
		:: at != 0 && steps <= SLOTS ->
			found = found || at == slot;
			assert(field[at] != 0);
			at = next[at]; steps++
		:: else -> break
		od;
		assert(steps <= SLOTS);
		assert(found);
		assert(field[slot] & (1 << me))
	}
}

proctype writer(byte me, element)
{
	byte slot, seen, h, at, steps;
	bool linked, ok, found, mine;

	claim(element, slot);
#ifdef LINK_FIRST
	link(slot);
#endif
	field[slot] = field[slot] | (1 << me);
#ifdef NO_HELP
	if
	:: mine -> link(slot)
	:: else
	fi;
#else
	link(slot);
#endif
	look(slot);
	finished++
}

init {
	byte a, b;

	atomic {
		run writer(0, 1); run writer(1, 1); run writer(2, 2); run writer(3, 3)
	};
	finished == WRITERS;
	d_step {
		a = 1;
		do
		:: a < SLOTS ->
			b = a + 1;
			do
			:: b <= SLOTS -> assert(owner[a] == 0 || owner[a] != owner[b]); b++
			:: else -> break
			od;
			a++
		:: else -> break
		od
	}
}
