export type Shades = readonly [
  string,
  string,
  string,
  string,
  string,
  string,
  string,
  string,
  string,
  string,
];

/**
 * Ten shades each, light to dark. Text passes WCAG AA in shade 6 or darker on white, and in shade 4 or lighter on
 * `night` 7.
 */
export const PALETTE = {
  /** Actions and good news. */
  pine: [
    '#eef7f4',
    '#d8ece6',
    '#b2d9ce',
    '#85c2b3',
    '#55a896',
    '#318c7a',
    '#1b7464',
    '#0f5d51',
    '#0a4840',
    '#06332e',
  ],
  /** Waiting and running out. */
  amber: [
    '#fdf6e8',
    '#faeaca',
    '#f3d493',
    '#e9bb5a',
    '#dba232',
    '#bf8517',
    '#936206',
    '#7a5105',
    '#5e3f06',
    '#432d06',
  ],
  /** Refusals and what cannot be undone. */
  brick: [
    '#fcf1ee',
    '#f9e0da',
    '#f2bfb4',
    '#e99988',
    '#e07a66',
    '#cf543f',
    '#b43a29',
    '#992c1e',
    '#7a2218',
    '#5a1811',
  ],
  /** Text, lines and surfaces in the light scheme. */
  stone: [
    '#f6f8f6',
    '#eef1ef',
    '#e1e6e3',
    '#ced5d1',
    '#b1bbb6',
    '#848f8a',
    '#5d6964',
    '#434e4a',
    '#2b3532',
    '#17201e',
  ],
  /** Text, lines and surfaces in the dark scheme. */
  night: [
    '#e7ecea',
    '#c8d1cd',
    '#a3b0ab',
    '#7a8883',
    '#45524e',
    '#33403c',
    '#222d2a',
    '#161e1c',
    '#101715',
    '#0a100e',
  ],
} as const satisfies Readonly<Record<string, Shades>>;
