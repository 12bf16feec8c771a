/** A request within this time after an input is caused by it. */
const CAUSED_MS = 10_000;
const INPUTS = ['pointerdown', 'keydown', 'wheel', 'touchstart'] as const;

// Whoever loads the page is there.
let inputAt = performance.now();
for (const input of INPUTS) {
  addEventListener(
    input,
    () => {
      inputAt = performance.now();
    },
    { capture: true, passive: true },
  );
}

/** Tells the server of a request that the page makes by itself: it does not keep an unused session (`session_idle_ms`). */
export const BACKGROUND = { 'sello-background': '1' } as const;

let toldAt = 0;

/** The header fields of a request made now. An input that caused none is told with the next one. */
export function backgroundFields(): Readonly<Record<string, string>> {
  const now = performance.now();
  if (inputAt <= toldAt && now - inputAt > CAUSED_MS) return BACKGROUND;
  toldAt = now;
  return {};
}
