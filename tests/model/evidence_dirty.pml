/*
 * Dirty marks: evidence_table_mark_dirty() and evidence_take_dirty(), step by step.
 *
 * Two chains share a dirty word; writers join bits into their cells while one
 * taker takes. Every line that begins with a shared variable is one atomic step
 * of the C code. Memory is sequentially consistent here.
 *
 * Held: once the writers have finished and nothing is dirty any more, what the
 * taker last saw of each cell is all there is.
 *
 * Broken on purpose by one of -DLOAD_STORE (the word's bit is set by load and
 * store), -DCLEAR_AFTER (a cell's flag is cleared after the cell is read),
 * -DWORD_AFTER (the word is cleared after its cells), -DWORD_FIRST (the word is
 * marked before the flag), -DMARK_FIRST (marked before it is joined).
 */
#define CELLS	2
#define WRITERS 3

byte data[CELLS], seen[CELLS];
bool dirty[CELLS];
byte word;
byte finished;

inline set_word(c)
{
#ifdef LOAD_STORE
	was = word;
	word = was | (1 << c)
#else
	if
	:: word & (1 << c)
	:: else -> word = word | (1 << c)
	fi
#endif
}

inline mark(c)
{
#ifdef WORD_FIRST
	set_word(c);
	dirty[c] = true
#else
	dirty[c] = true;
	set_word(c)
#endif
}

proctype writer(byte c, bit1, bit2)
{
	byte was;

	data[c] = data[c] | bit1;
	mark(c);
#ifdef MARK_FIRST
	mark(c);
	data[c] = data[c] | bit2;
#else
	data[c] = data[c] | bit2;
	mark(c);
#endif
	finished++
}

active proctype taker()
{
	byte bits, c;
	bool was, last;

	do
	:: last = finished == WRITERS;
	   if
	   :: word == 0 && last -> break
	   :: word == 0 && !last -> skip
	   :: else ->
#ifdef WORD_AFTER
		bits = word;
#else
		atomic { bits = word; word = 0 };
#endif
		c = 0;
		do
		:: c < CELLS ->
			if
			:: bits & (1 << c) ->
#ifdef CLEAR_AFTER
				was = dirty[c];
				if
				:: was -> seen[c] = data[c]; dirty[c] = false
				:: else
				fi
#else
				atomic { was = dirty[c]; dirty[c] = false };
				if
				:: was -> seen[c] = data[c]
				:: else
				fi
#endif
			:: else
			fi;
			c++
		:: else -> break
		od;
#ifdef WORD_AFTER
		word = 0
#endif
	   fi
	od;
	assert(seen[0] == data[0] && seen[1] == data[1])
}

init {
	atomic { run writer(0, 1, 2); run writer(0, 4, 8); run writer(1, 1, 2) }
}
