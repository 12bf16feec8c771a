/** Advisory locks have two numbers: this program's ("Sllo"), then which lock. */
export const LOCK_SPACE = 0x536c6c6f;
export const LOCK_MIGRATION = 1;
/** Held by the commit sequencer while xid orders the journal. */
export const LOCK_SEQUENCER = 2;
