/** A fenced block of a Markdown file. */
export interface Block {
  /** What follows the opening fence: `sh`, `text`, … */
  readonly language: string;
  readonly text: string;
  /** Where it opens, counted from 1. */
  readonly line: number;
}

/** The fenced blocks in order. */
export function fencedBlocks(markdown: string): readonly Block[] {
  const blocks: Block[] = [];
  let open: { language: string; line: number; lines: string[] } | undefined;
  markdown.split('\n').forEach((line, index) => {
    const fence = /^```\s*(\S*)\s*$/.exec(line);
    if (!open) {
      if (fence) open = { language: fence[1] ?? '', line: index + 1, lines: [] };
    } else if (fence) {
      blocks.push({ language: open.language, text: open.lines.join('\n'), line: open.line });
      open = undefined;
    } else open.lines.push(line);
  });
  if (open) throw new Error(`the block of line ${open.line} has no end`);
  return blocks;
}

/** The rows of all tables, without their heads and rules; each cell without the blanks around it. */
export function tableRows(markdown: string): readonly (readonly string[])[] {
  const lines = markdown.split('\n');
  return lines.flatMap((line, index) => {
    const isRow = line.startsWith('|') && !isRule(line) && !isRule(lines[index + 1] ?? '');
    return isRow ? [cells(line)] : [];
  });
}

function isRule(line: string): boolean {
  return /^\|(\s*:?-+:?\s*\|)+\s*$/.test(line);
}

function cells(row: string): readonly string[] {
  return row
    .replaceAll('\\|', '\u0000')
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.replaceAll('\u0000', '|').trim());
}

/** What stands between `<!-- name -->` and `<!-- /name -->`. */
export function section(markdown: string, name: string): string {
  const [start, end] = sectionBounds(markdown, name);
  return markdown.slice(start, end);
}

export function withSection(markdown: string, name: string, text: string): string {
  const [start, end] = sectionBounds(markdown, name);
  return markdown.slice(0, start) + text + markdown.slice(end);
}

function sectionBounds(markdown: string, name: string): readonly [start: number, end: number] {
  const open = `<!-- ${name} -->\n`;
  const start = markdown.indexOf(open);
  const end = markdown.indexOf(`<!-- /${name} -->`);
  if (start < 0 || end < start) throw new Error(`there is no section ${name}`);
  return [start + open.length, end];
}
