import { type Api, makeApi } from '../../api/api.ts';
import { ConnectionLost, isProblem, ProblemError } from '../../api/problem.ts';

/** A new access token is requested this long before the old one ends, because requests take time. */
const MARGIN_MS = 60_000;

export interface SessionOptions {
  readonly language: () => string;
  readonly origin?: string;
  /** Called when the session was revoked or has expired. */
  readonly onEnded: () => void;
}

/**
 * Calls the API on behalf of one token, with access tokens of 15 minutes issued for the secret of the device's
 * session.
 */
export class DeviceSession {
  readonly api: Api;
  readonly #anonymous: Api;
  readonly #secret: string;
  readonly #origin: string;
  readonly #language: () => string;
  readonly #onEnded: () => void;
  #access: { readonly token: string; readonly untilMs: number } | undefined;
  #resuming: Promise<string> | undefined;
  #ended = false;

  constructor(secret: string, { language, origin, onEnded }: SessionOptions) {
    this.#secret = secret;
    this.#origin = origin ?? '';
    this.#language = language;
    this.#onEnded = onEnded;
    const place = { language, ...(origin === undefined ? {} : { origin }) };
    this.#anonymous = makeApi({ ...place, headers: () => ({}) });
    this.api = makeApi({
      ...place,
      headers: this.headers,
      // An access token does not outlive its session; the next call finds out.
      onProblem: (problem) => {
        if (isProblem(problem, 'session_ended', 'session_required')) this.#access = undefined;
      },
    });
  }

  /**
   * Returns the authorization header.
   * @throws ProblemError, ConnectionLost when a new access token is needed and refused
   */
  readonly headers = async (): Promise<Readonly<Record<string, string>>> => {
    const access = this.#access;
    const token = access && access.untilMs > performance.now() ? access.token : await this.#resume();
    return { authorization: `Bearer ${token}` };
  };

  /**
   * Requests a new access token after the current one was refused, which also finds out whether the session has ended.
   */
  async renew(): Promise<void> {
    this.#access = undefined;
    await this.#resume();
  }

  /** Reads an answer as text, unchanged. @throws ProblemError, ConnectionLost */
  async text(path: string): Promise<string> {
    try {
      const headers = { ...(await this.headers()), 'accept-language': this.#language() };
      const response = await fetch(`${this.#origin}${path}`, {
        headers,
        cache: 'no-store',
        redirect: 'error',
      });
      const text = await response.text();
      if (response.ok) return text;
      throw new ProblemError(response.status, problemOf(text), Date.now());
    } catch (error) {
      if (error instanceof ProblemError) throw error;
      throw new ConnectionLost('no answer', { cause: error });
    }
  }

  get ended(): boolean {
    return this.#ended;
  }

  #resume(): Promise<string> {
    this.#resuming ??= this.#askAnew().finally(() => {
      this.#resuming = undefined;
    });
    return this.#resuming;
  }

  async #askAnew(): Promise<string> {
    try {
      const issued = await this.#anonymous('POST /v1/sessions/resumption', {
        body: { session: this.#secret },
      });
      // Measured by elapsed time only, because the device's clock may be off.
      const lifeMs = ACCESS_TIME_MS - MARGIN_MS;
      this.#access = { token: issued.access_token, untilMs: performance.now() + lifeMs };
      return issued.access_token;
    } catch (error) {
      if (isProblem(error, 'session_ended') && !this.#ended) {
        this.#ended = true;
        this.#onEnded();
      }
      throw error;
    }
  }
}

const ACCESS_TIME_MS = 900_000;

/** @returns undefined where a proxy on the way answered something else */
function problemOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
