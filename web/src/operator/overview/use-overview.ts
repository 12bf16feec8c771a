import { useEffect, useState } from 'react';
import { EventFollower, type StreamState } from '../../api/event-follower.ts';
import type { Overview } from '../../api/operations.ts';
import { retryWhenBack } from '../../api/retry-when-back.ts';
import { BACKGROUND } from '../../session/user-activity.ts';
import { type LatencySample, withSample } from './series.ts';

export interface LiveOverview {
  readonly overview: Overview | undefined;
  /** Samples since the page was opened. */
  readonly samples: readonly (LatencySample | { readonly at: number })[];
  readonly state: StreamState;
}

/** Follows the server's figures while the page is open. */
export function useOverview(): LiveOverview {
  const [live, setLive] = useState<LiveOverview>({ overview: undefined, samples: [], state: 'connecting' });
  useEffect(() => {
    const follower = new EventFollower({
      url: '/v1/admin/overview/events',
      headers: () => BACKGROUND,
      onEvent({ type, data }) {
        if (type !== 'overview') return;
        const overview: Overview = JSON.parse(data);
        setLive(({ samples, state }) => ({ overview, samples: withSample(samples, overview), state }));
      },
      onState: (state) => setLive((before) => ({ ...before, state })),
    });
    const endRetries = retryWhenBack(() => follower.retryNow());
    return () => {
      endRetries();
      follower.stop();
    };
  }, []);
  return live;
}
