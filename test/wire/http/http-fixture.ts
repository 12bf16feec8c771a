// The real HTTP server on the real application; every answer is checked against the OpenAPI document.
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import type { TestContext } from 'node:test';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { createService } from '../../../src/application/services/manage-services.ts';
import { createUser } from '../../../src/application/users/register-user.ts';
import { startWebPush } from '../../../src/compose/web-push.ts';
import type { Application } from '../../../src/compose.ts';
import type { Config } from '../../../src/config.ts';
import { type Act, actQuestion } from '../../../src/domain/act-question.ts';
import { decodeBase32 } from '../../../src/domain/encoding/base32.ts';
import { boundCode } from '../../../src/domain/otp/bound-code.ts';
import { hotpMessage, truncate } from '../../../src/domain/otp/hotp.ts';
import { timeStep } from '../../../src/domain/otp/totp.ts';
import { boundQuestion } from '../../../src/domain/transaction/bound-question.ts';
import { encodeTransaction } from '../../../src/domain/transaction/canonical-transaction.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import type { Role } from '../../../src/ports/store.ts';
import { ERRORS } from '../../../src/wire/errors.ts';
import type { Route } from '../../../src/wire/http/route.ts';
import { refusalsOf } from '../../../src/wire/http/route-refusals.ts';
import { ROUTES } from '../../../src/wire/http/routes.ts';
import { Problem } from '../../../src/wire/http/schema.ts';
import { type HttpOptions, type HttpServer, startHttpServer } from '../../../src/wire/http/server.ts';
import { testApplication } from '../../services/application.ts';
import type { Authenticator } from '../../services/authenticator.ts';
import { proveSessions } from '../../services/proven-sessions.ts';

export const PASSWORD = 'secreto';
const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

// biome-ignore lint/suspicious/noExplicitAny: what a server answers is looked into by its own test
export type Json = any;

export interface Response {
  readonly status: number;
  readonly headers: Headers;
  readonly json: Json;
  readonly text: string;
}

export interface RequestOptions {
  readonly body?: unknown;
  /** Sent as it is, as JSON. */
  readonly raw?: string | Uint8Array<ArrayBuffer>;
  /** Access token or service key. */
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface FixtureOptions extends Partial<Omit<HttpOptions, 'context' | 'logIn'>> {
  readonly clock?: Clock;
  readonly flags?: Record<string, string>;
}

/** The real HTTP server on the real application. Every answer is checked against the document of the API. */
export class HttpFixture {
  readonly application: Application;
  readonly server: HttpServer;
  readonly base: string;
  readonly #clock: Clock | undefined;

  constructor(application: Application, server: HttpServer, clock: Clock | undefined) {
    this.application = application;
    this.server = server;
    this.base = `http://127.0.0.1:${server.address().port}`;
    this.#clock = clock;
  }

  now(): number {
    return this.#clock?.now() ?? Date.now();
  }

  async request(method: string, path: string, options: RequestOptions = {}): Promise<Response> {
    const { body, raw, token, headers = {}, signal } = options;
    const given = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const response = await fetch(this.base + path, {
      method,
      headers: {
        ...(given === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(given === undefined ? {} : { body: given }),
      ...(signal ? { signal } : {}),
    });
    const text = await response.text();
    const type = response.headers.get('content-type') ?? '';
    const json = /[/+]json\b/.test(type) ? JSON.parse(text) : undefined;
    const answer = { status: response.status, headers: response.headers, json, text };
    checkAnswer(method, path, answer);
    return answer;
  }

  get(path: string, token?: string, headers: Record<string, string> = {}): Promise<Response> {
    return this.request('GET', path, { ...(token === undefined ? {} : { token }), headers });
  }

  post(
    path: string,
    token: string | undefined,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    return this.request('POST', path, { body, headers, ...(token === undefined ? {} : { token }) });
  }

  /** Registered and logged in. */
  async user(username: string): Promise<ApiUser> {
    const registered = await this.post('/v1/users', undefined, { username, password: PASSWORD });
    assert.equal(registered.status, 201, registered.text);
    return this.logIn(username);
  }

  async logIn(username: string): Promise<ApiUser> {
    const made = await this.post('/v1/sessions', undefined, { username, password: PASSWORD });
    assert.equal(made.status, 201, made.text);
    return new ApiUser(this, username, made.json.access_token, made.json.session);
  }

  async withRole(username: string, role: Role): Promise<ApiUser> {
    const created = await createUser(this.application.context, { username, password: PASSWORD, role });
    assert.ok(!('refused' in created));
    const user = await this.logIn(username);
    if (role === 'admin') await this.prove(user);
    return user;
  }

  /** As if the session had shown an authenticator now, without one to keep track of. */
  prove({ username }: ApiUser): Promise<void> {
    return proveSessions(this.application.context, username);
  }

  /** What two administrators do for a user who lost everything, with `recovery_wait_ms` 0. @returns the invitation's code */
  async recover(username: string): Promise<string> {
    const [one, other] = [await this.withRole('one', 'admin'), await this.withRole('other', 'admin')];
    const { users } = (await one.get(`/v1/admin/users?search=${username}`)).json;
    const path = `/v1/admin/users/${users[0].id}`;
    assert.equal((await one.post(`${path}/recovery`)).status, 201);
    assert.equal((await other.post(`${path}/recovery/confirmation`)).status, 200);
    const invited = await one.post(`${path}/enrolments`);
    assert.equal(invited.status, 201, invited.text);
    return invited.json.code;
  }

  /** @returns its key */
  async service(name: string, ...scopes: string[]): Promise<string> {
    const created = await createService(this.application.context, { name, scopes });
    assert.ok(!('refused' in created), JSON.stringify(created));
    return created.key;
  }
}

export async function testHttp(
  t: Pick<TestContext, 'after'>,
  options: FixtureOptions = {},
): Promise<HttpFixture> {
  const { clock, flags = {}, ...http } = options;
  const application = await testApplication(t, { ...(clock ? { clock } : {}), flags });
  const { context } = application;
  const push = startWebPush(context.settings as unknown as Config, context, SILENT, {
    limits: { pushRetryMsMin: 20 },
  });
  const server = await startHttpServer({
    host: '127.0.0.1',
    port: 0,
    context,
    webPush: push?.webPush,
    logIn: application.services.logIn,
    logger: { debug() {}, info() {}, warn() {}, error: (fields) => console.error(fields) },
    ...http,
  });
  t.after(async () => {
    await push?.stop();
    await server.stop(0);
  });
  return new HttpFixture(application, server, clock);
}

export class ApiUser {
  readonly fixture: HttpFixture;
  readonly username: string;
  readonly token: string;
  /** What resumes the session. */
  readonly secret: string;
  readonly #macKey = createHash('sha256').update(PASSWORD).digest();

  constructor(fixture: HttpFixture, username: string, token: string, secret: string) {
    this.fixture = fixture;
    this.username = username;
    this.token = token;
    this.secret = secret;
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return this.fixture.get(path, this.token, headers);
  }

  post(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return this.fixture.post(path, this.token, body, headers);
  }

  /** A transfer with its MAC on a fresh challenge. */
  async proven(transfer: { payer: string; payee: string; amount: string; currency: string }) {
    const { json } = await this.post('/v1/challenges', {});
    const { nonce } = json.challenges[0];
    return { ...transfer, nonce, mac: this.mac({ ...transfer, challenge: nonce }) };
  }

  mac(t: { payer: string; payee: string; amount: string; currency: string; challenge: string }): string {
    return createHmac('sha256', this.#macKey)
      .update(encodeTransaction({ ...t, v: 1 }))
      .digest('hex');
  }

  /** Shows a passkey: a member of what asks for a code or a passkey. */
  async passkeyProof(authenticator: Authenticator): Promise<{ readonly passkey: unknown }> {
    const options = await this.post('/v1/sessions/current/proof/options', {});
    assert.equal(options.status, 200, options.text);
    return { passkey: authenticator.logIn(options.json) };
  }

  /** An active token of that kind. */
  async enrol(type: 'totp' | 'hotp' | 'ocra', more: object = {}): Promise<ApiToken> {
    const enrolled = await this.post('/v1/tokens', { type, ...more });
    assert.equal(enrolled.status, 201, enrolled.text);
    const token = new ApiToken(this.fixture, enrolled.json);
    const activated = await this.post(`/v1/tokens/${token.id}/activation`, { code: token.firstCode() });
    assert.equal(activated.status, 200, activated.text);
    return token;
  }
}

interface Bound {
  readonly payer: string;
  readonly payee: string;
  readonly amount: string;
  readonly currency: string;
  readonly challenge: string;
}

/** What a user's token does with the seed that it was given. */
export class ApiToken {
  readonly id: string;
  readonly enrolled: Json;
  readonly #fixture: HttpFixture;
  readonly #seed: Buffer;
  #counter = 0;

  constructor(fixture: HttpFixture, enrolled: Json) {
    this.#fixture = fixture;
    this.enrolled = enrolled;
    this.id = enrolled.id;
    this.#seed = Buffer.from(decodeBase32(enrolled.secret) ?? []);
  }

  firstCode(): string {
    return this.enrolled.type === 'ocra' ? this.answer(this.enrolled.activation_question) : this.code();
  }

  /** A TOTP's of now, a HOTP's next. */
  code(): string {
    const { type, digits, algorithm, period_s: periodS } = this.enrolled;
    const step = type === 'hotp' ? this.#counter++ : timeStep(this.#fixture.now(), periodS);
    const mac = createHmac(algorithm, this.#seed).update(hotpMessage(step)).digest();
    return truncate(mac, digits);
  }

  skip(count: number): void {
    this.#counter += count;
  }

  /** An `ocra` token's proof of an act, over a challenge of that session. */
  async over(act: Act, user: ApiUser): Promise<{ readonly code: string; readonly challenge: string }> {
    const { json } = await user.post('/v1/challenges', {});
    const challenge: string = json.challenges[0].nonce;
    return { challenge, code: this.answer(actQuestion(act, challenge, user.username)) };
  }

  /** An `ocra` token's answer for the reset with that secret. */
  overReset(secret: string, username: string): string {
    return this.answer(
      actQuestion('reset_password', createHash('sha256').update(secret).digest('hex'), username),
    );
  }

  /** Over what the user saw. */
  codeOver({ payer, payee, amount, currency, challenge }: Bound): string {
    return this.answer(boundQuestion({ payer, payee, amount, currency, challenge, v: 1 }));
  }

  /** An `ocra` token's answer to a question, in hex. */
  answer(question: string): string {
    const hmac = (algorithm: string, key: Uint8Array, message: Uint8Array) =>
      createHmac(algorithm, key).update(message).digest();
    return boundCode(hmac, this.#seed, question, this.#fixture.now());
  }
}

const validators = new Map<TSchema, ReturnType<typeof Compile>>();

function fits(schema: TSchema, value: unknown): string | undefined {
  let validator = validators.get(schema);
  if (!validator) {
    validator = Compile(schema);
    validators.set(schema, validator);
  }
  return validator.Check(value) ? undefined : JSON.stringify(validator.Errors(value));
}

function routeOf(method: string, path: string): Route | undefined {
  const plain = path.split('?', 1)[0] ?? '';
  return ROUTES.find(
    (route) =>
      route.method === method && new RegExp(`^${route.path.replace(/\{[a-z_]+\}/g, '[^/]+')}$`).test(plain),
  );
}

/** No answer outside the document: its status, its type and its body are among those that the route declares. */
export function checkAnswer(method: string, path: string, { status, headers, json, text }: Response): void {
  const what = `${method} ${path} → ${status} ${text.slice(0, 400)}`;
  assert.ok(headers.get('x-request-id'), `${what}: a request id`);
  assert.equal(headers.get('x-content-type-options'), 'nosniff', what);
  assert.ok(status < 500 || status === 503, what);
  const type = headers.get('content-type') ?? '';
  const route = routeOf(method, path);
  if (type.startsWith('application/problem+json')) {
    assert.equal(fits(Problem, json), undefined, what);
    assert.equal(ERRORS[json.code as keyof typeof ERRORS].http, status, what);
    assert.equal(json.status, status, what);
    if (route) assert.ok(refusalsOf(route).includes(json.code), `${what}: a documented code`);
    return;
  }
  if (!route) return;
  const form = route.responses[status];
  assert.ok(form, `${what}: a documented status`);
  if (form.contentType !== undefined) {
    const known = [form.contentType, form.textType ?? form.contentType];
    assert.ok(
      known.some((each) => type.startsWith(each)),
      what,
    );
  } else if (form.schema === undefined) assert.equal(text, '', what);
  else if (json !== undefined) assert.equal(fits(form.schema, json), undefined, what);
}
