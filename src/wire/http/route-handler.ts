import type { OutgoingHttpHeaders } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isRefusal } from '../../domain/errors.ts';
import type { CrossOrigin } from './cors.ts';
import type { HttpDependencies } from './dependencies.ts';
import type { SendRefusal } from './refusal-sender.ts';
import { responseHeaders } from './response-headers.ts';
import type { RecordResponse } from './response-recorder.ts';
import type { BufferedResponse, Route } from './route.ts';
import { signAnswer } from './signature/sign-answer.ts';

const EMPTY: Buffer = Buffer.alloc(0);
const JSON_TYPE = 'application/json; charset=utf-8';

export interface HandlerOptions {
  readonly dependencies: HttpDependencies;
  readonly cors: CrossOrigin;
  readonly sendRefusal: SendRefusal;
  readonly recordResponse: RecordResponse;
  /** Aborts when the server stops. */
  readonly stopping: AbortSignal;
}

/**
 * Fastify's handler of a route: runs it for an admitted, validated request and sends its response or refusal.
 *
 * Why: docs/DECISIONS.md#routes-write-their-own-responses
 */
export function routeHandler(route: Route, options: HandlerOptions) {
  const { dependencies, cors, sendRefusal, recordResponse, stopping } = options;
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { requestContext, headers } = request;
    const response = await route.handle(
      {
        params: request.params as Record<string, never>,
        query: request.query as Record<string, never>,
        body: route.rawBody ? undefined : request.body,
        bytes: route.rawBody ? ((request.body as Buffer | undefined) ?? EMPTY) : EMPTY,
        caller: requestContext.caller as never,
        client: requestContext.client,
        address: requestContext.address,
        path: requestContext.path,
        secure: requestContext.secure,
        headers,
        idempotencyKey: requestContext.idempotencyKey,
        gone: () => goneSignal(reply, stopping),
      },
      dependencies,
    );
    if (isRefusal(response)) return sendRefusal(request, reply, response);
    const common = responseHeaders(request, cors);
    if ('stream' in response) {
      reply.raw.once('close', () => recordResponse(request, reply.raw.statusCode));
      response.stream(reply.hijack().raw, common);
    } else {
      const { signature } = requestContext;
      const signed = signature === undefined ? {} : await signatureOf(dependencies, response, signature);
      send(reply, response, { ...common, ...signed });
      recordResponse(request, response.status);
    }
    return reply;
  };
}

function signatureOf(
  { context }: HttpDependencies,
  response: BufferedResponse,
  requestSignature: string,
): Promise<Readonly<Record<string, string>>> {
  return signAnswer(context, { status: response.status, body: bodyOf(response), requestSignature });
}

/** Aborts when the client is gone or the server stops. */
function goneSignal(reply: FastifyReply, stopping: AbortSignal): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  return AbortSignal.any([gone.signal, stopping]);
}

/** Writes to Node's response directly: no route here needs Fastify's serialisation or its `onSend` hooks. */
function send(reply: FastifyReply, response: BufferedResponse, common: Record<string, string>): void {
  const headers: OutgoingHttpHeaders = response.headers ? { ...common, ...response.headers } : common;
  const body = bodyOf(response);
  if (body.length > 0) headers['content-type'] = 'contentType' in response ? response.contentType : JSON_TYPE;
  if (response.status !== 204) headers['content-length'] = Buffer.byteLength(body);
  const { raw } = reply.hijack();
  raw.writeHead(response.status, headers);
  raw.end(body);
}

function bodyOf(response: BufferedResponse): string | Uint8Array {
  if ('text' in response) return response.text;
  if ('bytes' in response) return response.bytes;
  return response.body === undefined ? '' : JSON.stringify(response.body);
}
