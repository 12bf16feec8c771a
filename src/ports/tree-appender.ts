import type { Appended, TreeEdge } from '../domain/log/tree-edge.ts';

/** Appends entries to the log's tree, without holding up the event loop for long. */
export interface TreeAppender {
  /**
   * @param entries packed, 32 bytes each; they may be moved away
   * @returns the tree after them, with its root
   */
  append(edge: TreeEdge, entries: Uint8Array): Promise<Appended & { readonly root: Uint8Array }>;
  close(): Promise<void>;
}
