/** Sends a request to a witness, in bounded time. @throws where it does not answer, or with too much */
export type SendToWitness = (body: string) => Promise<{ readonly status: number; readonly body: string }>;
