import { type StretchRequest, stretch } from './stretch.ts';

addEventListener('message', ({ data }: MessageEvent<StretchRequest>) => {
  const secret = stretch(data);
  postMessage(secret, { transfer: [secret.buffer] });
});
