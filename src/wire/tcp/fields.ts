import { type Refusal, refuse } from '../../domain/errors.ts';

/**
 * Reads the keys of one object that came from outside: own keys alone, each of the type that was asked for. The first
 * key that does not fit is remembered in `fault`, and the values read are then not to be used.
 */
export class Fields {
  fault: Refusal | undefined;
  readonly #object: object;

  constructor(object: object) {
    this.#object = object;
  }

  string(key: string): string {
    return this.optionalString(key) ?? this.#refuse(key, '');
  }

  /** Well-formed Unicode: a lone surrogate has no UTF-8, so it could be neither hashed nor stored as it is. */
  optionalString(key: string): string | undefined {
    const value = this.value(key);
    if (value === undefined) return undefined;
    if (typeof value !== 'string' || !value.isWellFormed()) return this.#refuse(key, undefined);
    return value;
  }

  optionalBoolean(key: string): boolean | undefined {
    const value = this.value(key);
    if (value === undefined || typeof value === 'boolean') return value;
    return this.#refuse(key, undefined);
  }

  optionalInteger(key: string, min: number, max: number): number | undefined {
    const value = this.value(key);
    if (value === undefined) return undefined;
    if (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max)
      return value as number;
    return this.#refuse(`${key}: ${min}–${max}`, undefined);
  }

  value(key: string): unknown {
    return Object.hasOwn(this.#object, key) ? (this.#object as Record<string, unknown>)[key] : undefined;
  }

  #refuse<T>(detail: string, value: T): T {
    this.fault ??= refuse('message_invalid', { detail });
    return value;
  }
}
