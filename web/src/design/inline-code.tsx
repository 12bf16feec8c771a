/** Text in which what stands in backticks is code, as in the server's descriptions. */
export function InlineCode({ text }: { readonly text: string }) {
  return text.split(/`([^`]+)`/).map((part, index) =>
    // The order of the parts never changes.
    // biome-ignore lint/suspicious/noArrayIndexKey: parts have no other name
    index % 2 === 1 ? <code key={index}>{part}</code> : part,
  );
}
