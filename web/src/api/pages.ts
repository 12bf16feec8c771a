/** The largest page that the server gives. */
const PAGE_SIZE = 200;

interface Query {
  readonly limit: number;
  readonly cursor?: string;
}

/** Reads all pages of a list, one after another. For lists that are short as a rule. */
export async function everyPage<Page extends { readonly next_cursor: string | null }>(
  read: (query: Query) => Promise<Page>,
): Promise<readonly Page[]> {
  const pages: Page[] = [];
  for (let cursor: string | null | undefined; cursor !== null; cursor = pages.at(-1)?.next_cursor ?? null) {
    pages.push(await read({ limit: PAGE_SIZE, ...(cursor === undefined ? {} : { cursor }) }));
  }
  return pages;
}
