import { trustedAddress } from '../trusted-address.ts';
import type { Stretcher } from './stretch.ts';
import address from './stretch-worker.ts?worker&url';

/** Stretches a PIN in a worker. The worker and its memory end with the answer. */
export const workerStretcher: Stretcher = (request) =>
  new Promise((resolve, reject) => {
    const worker = new Worker(trustedAddress(address), { type: 'module' });
    worker.onmessage = ({ data }: MessageEvent<Uint8Array<ArrayBuffer>>) => {
      worker.terminate();
      resolve(data);
    };
    worker.onerror = ({ message }) => {
      worker.terminate();
      reject(new Error(`the PIN could not be stretched: ${message}`));
    };
    worker.postMessage(request);
  });
