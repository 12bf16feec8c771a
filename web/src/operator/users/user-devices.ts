import { queryOptions } from '@tanstack/react-query';
import { devicesOf } from '../../account/devices.ts';
import type { User } from '../../api/operations.ts';
import { everyPage } from '../../api/pages.ts';
import { api } from '../../session/server.ts';

/** A user's devices, revoked ones last. */
export function userDevices({ id }: Pick<User, 'id'>) {
  return queryOptions({
    queryKey: ['operator', 'user-tokens', id],
    queryFn: ({ signal }) =>
      everyPage((query) => api('GET /v1/admin/users/{id}/tokens', { path: { id }, query }, { signal })),
    select: (pages) => devicesOf(pages.flatMap(({ tokens }) => tokens)),
  });
}
