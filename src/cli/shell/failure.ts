import {
  isRefusal,
  PinRefused,
  type Refusal,
  StartRefused,
  StoreUnavailable,
  VaultUnavailable,
} from '../../domain/errors.ts';
import type { Language } from '../../language/language.ts';
import { detailIn } from '../../language/refusal-details.ts';
import { type Text, text } from '../../language/text.ts';
import { ERRORS } from '../../wire/errors.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

/** Ends the command: what is wrong, and how to fix it. */
export class CommandFailure extends Error {
  override name = 'CommandFailure';
  readonly exitCode: ExitCode;
  /** Stable, for scripts. */
  readonly code: string;
  readonly wrong: Text;
  readonly remedy: Text | undefined;

  constructor(exitCode: ExitCode, code: string, wrong: Text, remedy?: Text) {
    super(wrong.en);
    this.exitCode = exitCode;
    this.code = code;
    this.wrong = wrong;
    this.remedy = remedy;
  }
}

export function usageFailure(wrong: Text, remedy?: Text): CommandFailure {
  return new CommandFailure(EXIT.usage, 'usage', wrong, remedy);
}

/** A refusal of the server or of a use case, thrown to end the command. */
export class RefusedByServer extends Error {
  override name = 'RefusedByServer';
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.refused);
    this.refusal = refusal;
  }
}

/** Returns a result that is not a refusal. @throws RefusedByServer */
export function granted<Result>(result: Result | Refusal): Result {
  if (isRefusal(result)) throw new RefusedByServer(result);
  return result;
}

/** A failure as it is printed: one line, how to fix it, and what a script reads. */
export interface FailureReport {
  readonly exitCode: ExitCode;
  readonly code: string;
  readonly message: string;
  readonly remedy?: string;
  readonly retry_after_ms?: number;
}

export function reportFailure(error: unknown, language: Language): FailureReport {
  if (error instanceof CommandFailure) {
    const remedy = error.remedy?.[language];
    return {
      exitCode: error.exitCode,
      code: error.code,
      message: error.wrong[language],
      ...(remedy ? { remedy } : {}),
    };
  }
  if (error instanceof RefusedByServer) return reportRefusal(error.refusal, language);
  // Not `unavailable`: a supervisor repeats those, and an HSM locks its slot after a few wrong PINs.
  if (error instanceof PinRefused)
    return { exitCode: EXIT.usage, code: 'pin_refused', message: error.message };
  if (error instanceof StartRefused)
    return { exitCode: EXIT.unavailable, code: 'start_refused', message: error.message };
  if (error instanceof StoreUnavailable)
    return unavailable(
      'store_unavailable',
      error,
      text('the database cannot answer', 'la base de datos no responde'),
      language,
    );
  if (error instanceof VaultUnavailable)
    return unavailable(
      'vault_unavailable',
      error,
      text('the key vault cannot answer', 'el almacén de claves no responde'),
      language,
    );
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { exitCode: EXIT.broken, code: 'broken', message: stack };
}

function reportRefusal(refusal: Refusal, language: Language): FailureReport {
  const form = Object.hasOwn(ERRORS, refusal.refused) ? ERRORS[refusal.refused][language] : undefined;
  const detail = refusal.detail === undefined ? '' : ` (${detailIn(language, refusal.detail)})`;
  const wait = refusal.retryAfterMs;
  const unreachable =
    refusal.refused === 'unavailable' || refusal.refused === 'busy' || refusal.refused === 'shutting_down';
  // An argument of the command is wrong.
  const refused = refusal.refused === 'backup_folder_invalid' ? EXIT.usage : EXIT.refused;
  return {
    exitCode: unreachable ? EXIT.unavailable : refused,
    code: refusal.refused,
    message: `${form?.title ?? refusal.refused}${detail}`,
    ...(form ? { remedy: form.detail } : {}),
    ...(wait === undefined ? {} : { retry_after_ms: wait }),
  };
}

function unavailable(code: string, error: Error, what: Text, language: Language): FailureReport {
  const remedy = text('Run: sello doctor', 'Ejecute: sello doctor')[language];
  return { exitCode: EXIT.unavailable, code, message: `${what[language]}: ${error.message}`, remedy };
}
