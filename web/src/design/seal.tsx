/** The logo: a seal that closes around a check mark. Decoration; the name stands beside it. */
export function Seal({ size = 32 }: { readonly size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 64 64" aria-hidden="true" focusable="false">
      <rect width="64" height="64" rx="16" fill="var(--sello-primary)" />
      <circle
        cx="32"
        cy="32"
        r="19"
        fill="none"
        stroke="#fff"
        strokeWidth="4"
        strokeDasharray="104 16"
        strokeLinecap="round"
        transform="rotate(-62 32 32)"
      />
      <path
        d="m23.5 32.5 6 6 11.5-13"
        fill="none"
        stroke="#fff"
        strokeWidth="4.5"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
