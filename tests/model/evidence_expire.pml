/*
 * Expiry: evidence_compact() rewrites the table in place, alone with it. What makes it
 * alone: engine_quiesce(), which closes the gate to the readers (engine/gate.c) and
 * waits until every batch is in the pool again, and workers that give a batch back
 * when they are done with it.
 *
 * Held: nobody updates the table while it is rewritten; nobody waits for ever; every
 * batch that was filled is worked off.
 *
 * Broken on purpose by one of -DNO_PARK (the gate closes without waiting for readers
 * to be parked), -DNO_DRAIN (batches on their way are not waited for), -DEARLY_RETURN
 * (a batch is given back before it is worked off), -DLATE_PASS (a reader takes its
 * batch before it passes the gate).
 */
#define READERS 2
#define WORKERS 2
#define BATCHES 2
#define FILLS	2	/* a reader */

byte readers, parked;	/* the gate's, under its lock: each atomic block holds that */
bool closed;
byte available = BATCHES; /* in the pool */
byte queued, filled, done;
byte updating;
bool rewriting;
byte gone;	/* readers that have ended */

inline pass()
{
	if
	:: atomic { closed -> parked++ };
	   atomic { !closed -> parked-- }
	:: atomic { !closed -> skip }
	fi
}

proctype reader()
{
	byte fills;

	atomic { !closed -> readers++ };
	do
	:: fills < FILLS ->
#ifdef LATE_PASS
		atomic { available > 0 -> available-- };
		pass();
#else
		pass();
		atomic { available > 0 -> available-- };
#endif
		atomic { queued++; filled++ };
		fills++
	:: else -> break
	od;
	atomic { readers--; gone++ }
}

proctype worker()
{
	do
	:: atomic { queued > 0 -> queued-- };
#ifdef EARLY_RETURN
	   available++;
#endif
	   updating++;
	   assert(!rewriting);
	   atomic { updating--; done++ };
#ifndef EARLY_RETURN
	   available++
#endif
	:: atomic { queued == 0 && gone == READERS -> break }
	od
}

proctype service()
{
	byte times;

	do
	:: times < 2 ->
		closed = true;
#ifndef NO_PARK
		parked >= readers;
#endif
#ifndef NO_DRAIN
		available == BATCHES;
#endif
		rewriting = true;
		assert(updating == 0);
		rewriting = false;
		closed = false;
		times++
	:: else -> break
	od
}

init {
	atomic { run reader(); run reader(); run worker(); run worker(); run service() };
	_nr_pr == 1;
	assert(done == filled && filled == READERS * FILLS)
}
