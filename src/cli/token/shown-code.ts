import { tokenHmac } from '../../client/token-hmac.ts';
import { transferScreen } from '../../client/token-screen.ts';
import { isRefusal } from '../../domain/errors.ts';
import { BOUND_SUITE, boundCode } from '../../domain/otp/bound-code.ts';
import type { HmacAlgorithm } from '../../domain/otp/hmac.ts';
import { hotpCode } from '../../domain/otp/hotp.ts';
import { ocraCode, parseSuite } from '../../domain/otp/ocra.ts';
import { parseOtpauthUri } from '../../domain/otp/otpauth.ts';
import { totpCode } from '../../domain/otp/totp.ts';
import { boundQuestion } from '../../domain/transaction/bound-question.ts';
import type { CanonicalTransaction } from '../../domain/transaction/canonical-transaction.ts';
import { makeTransfer } from '../../domain/transaction/transfer.ts';
import { text } from '../../language/text.ts';
import { granted, usageFailure } from '../shell/failure.ts';
import type { Shell } from '../shell/shell.ts';
import { wholeNumber } from '../shell/whole-number.ts';
import { readSeed } from './seed.ts';

/** The flags of `sello token code`. */
export interface CodeOptions {
  readonly secret?: string;
  readonly uri?: string;
  readonly digits: string;
  readonly period: string;
  readonly algorithm: HmacAlgorithm;
  readonly counter?: string;
  readonly suite?: string;
  readonly question?: string;
  readonly bound?: boolean;
  readonly payer?: string;
  readonly payee?: string;
  readonly amount?: string;
  readonly currency?: string;
  readonly challenge?: string;
  readonly watch?: boolean;
  readonly at?: string;
}

/** How to compute a code, and what to show with it. */
export interface ShownCode {
  readonly at: (ms: number) => string;
  /** 0 when it does not change with time. */
  readonly periodMs: number;
  readonly screen: readonly string[];
  readonly more: Readonly<Record<string, unknown>>;
}

/** @throws CommandFailure naming the flag that is missing or invalid */
export function makeCode(options: CodeOptions, shell: Shell): ShownCode {
  if (options.bound) return boundCodeOf(options, shell);
  const named = options.uri === undefined ? undefined : granted(parseOtpauthUri(options.uri));
  const seed = named?.secret ?? readSeed(required(options.secret, '--secret'));
  if (options.suite !== undefined) return ocraCodeOf(seed, options);
  const digits = named?.digits ?? wholeNumber(options.digits, '--digits', 1, 10);
  const algorithm = named?.algorithm ?? options.algorithm;
  const counter = options.counter ?? (named?.type === 'hotp' ? String(named.counter) : undefined);
  if (counter !== undefined) {
    const code = hotpCode(tokenHmac, seed, wholeNumber(counter, '--counter', 0, Number.MAX_SAFE_INTEGER), {
      algorithm,
      digits,
    });
    return { at: () => code, periodMs: 0, screen: [], more: {} };
  }
  const periodS = named?.periodS ?? wholeNumber(options.period, '--period', 1, 86_400);
  return {
    at: (ms) => totpCode(tokenHmac, seed, ms, { algorithm, digits, periodS }),
    periodMs: periodS * 1000,
    screen: [],
    more: {},
  };
}

function boundCodeOf(options: CodeOptions, shell: Shell): ShownCode {
  const seed = readSeed(required(options.secret, '--secret'));
  const challenge = required(options.challenge, '--challenge');
  if (!/^([0-9a-f]{2})+$/.test(challenge))
    throw usageFailure(
      text('--challenge expected lower-case hex', '--challenge espera hexadecimal en minúsculas'),
    );
  const transfer = granted(
    makeTransfer(
      {
        payer: required(options.payer, '--payer'),
        payee: required(options.payee, '--payee'),
        amount: required(options.amount, '--amount'),
        currency: options.currency,
      },
      'EUR',
    ),
  );
  const transaction: CanonicalTransaction = { ...transfer, challenge, v: 1 };
  const question = boundQuestion(transaction);
  return {
    at: (ms) => boundCode(tokenHmac, seed, question, ms),
    periodMs: 60_000,
    screen: transferScreen(transfer, shell.language),
    more: { suite: BOUND_SUITE, question, transaction },
  };
}

function ocraCodeOf(seed: Uint8Array, options: CodeOptions): ShownCode {
  const suite = parseSuite(options.suite ?? '');
  if (isRefusal(suite))
    throw usageFailure(
      text(`--suite is no OCRA suite: ${options.suite}`, `--suite no es una suite de OCRA: ${options.suite}`),
    );
  const question = required(options.question, '--question');
  const counter =
    options.counter === undefined
      ? {}
      : { counter: wholeNumber(options.counter, '--counter', 0, Number.MAX_SAFE_INTEGER) };
  const { timeStepS } = suite;
  const at = (ms: number) => {
    const timeStep = timeStepS === undefined ? {} : { timeStep: Math.floor(ms / (timeStepS * 1000)) };
    try {
      return ocraCode(tokenHmac, suite, seed, { question, ...counter, ...timeStep });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw usageFailure(text(error.message, error.message));
    }
  };
  return { at, periodMs: (timeStepS ?? 0) * 1000, screen: [], more: { suite: suite.text } };
}

function required(value: string | undefined, flag: string): string {
  if (value !== undefined && value !== '') return value;
  throw usageFailure(text(`${flag} is missing`, `falta ${flag}`));
}
