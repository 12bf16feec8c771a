import type { ReactNode } from 'react';

/** Text for screen readers only. @param live announces each change */
export function Spoken({
  children,
  live = false,
}: {
  readonly children: ReactNode;
  readonly live?: boolean;
}) {
  return (
    <span className="sello-spoken" {...(live ? { role: 'status' } : {})}>
      {children}
    </span>
  );
}
