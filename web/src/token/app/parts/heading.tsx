import { type ReactNode, useEffect, useRef } from 'react';

/**
 * The heading of a page. Takes the focus when its page opens, so that screen readers announce the page and the next Tab
 * goes to its content. Not on a page that nobody has touched since it was loaded: a reader begins at the top then.
 */
export function Heading({
  className,
  children,
}: {
  readonly className?: string;
  readonly children: ReactNode;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    // HTML, section 6.4 (user activation)
    if (navigator.userActivation?.hasBeenActive !== false) heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <h1 ref={heading} tabIndex={-1} className={className}>
      {children}
    </h1>
  );
}
