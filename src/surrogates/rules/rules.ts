import type { SurrogateMode } from '../../domain/surrogates/surrogates.ts';
import type { Path } from './path.ts';

/** A rules file that was read and found whole. */
export interface Rules {
  /** In their order: the first that covers an element, or something around it, decides. */
  readonly rules: readonly Rule[];
  readonly columns: ReadonlyMap<string, Method>;
  readonly delimiter: string;
  readonly onError: 'stop' | 'skip';
  readonly parameters: Parameters;
}

export interface Rule {
  /** As it is written. */
  readonly path: string;
  readonly alternatives: readonly Path[];
  readonly method: Method;
}

/** What happens to an element. */
export type Method =
  | { readonly method: 'keep' | 'redact' | 'dateShift' | 'cryptoHash' | 'encrypt' }
  | ({
      readonly method: 'tokenize';
      /** By the type that a reference names; `*` for all others. */
      readonly domains: ReadonlyMap<string, string>;
    } & SurrogateMode)
  | { readonly method: 'substitute'; readonly json: string }
  | {
      readonly method: 'generalize';
      readonly cases: readonly GeneralizeCase[];
      readonly otherValues: 'keep' | 'redact';
    }
  | {
      readonly method: 'perturb';
      readonly span: number;
      readonly proportional: boolean;
      readonly roundTo: number;
    };

/** A case of `generalize`: the value that takes the place of those that it matches. */
export interface GeneralizeCase {
  readonly matches: (value: string) => boolean;
  readonly replacement: (value: string) => string | undefined;
}

export interface Parameters {
  readonly dateShiftKey: string;
  readonly dateShiftScope: 'resource' | 'file' | 'folder';
  readonly cryptoHashKey: string;
  readonly encryptKey: string;
  readonly partialDates: boolean;
  readonly partialAges: boolean;
  readonly partialZipCodes: boolean;
  /** The first three digits of ZIP codes of which nothing is kept. */
  readonly restrictedZipCodes: ReadonlySet<string>;
}

export const DEFAULT_DOMAIN = '*';
