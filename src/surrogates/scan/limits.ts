/** Bounds of what is read. scan/assembly/scanner.ts has them as constants. */
export const RECORD_LIMITS = {
  /** Of the UTF-8 of an identifier. */
  identifierBytesMax: 1_024,
  /** Of the UTF-8 of a text that another value is made of. */
  valueBytesMax: 4_096,
  /** Of objects and arrays in each other. */
  depthMax: 200,
  recordBytesMax: 67_108_864,
  /** Of a record's text as it is written. */
  outputBytesMax: 100_663_296,
} as const;
