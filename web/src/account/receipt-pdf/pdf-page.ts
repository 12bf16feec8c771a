import { winAnsi } from './win-ansi.ts';

/** A4 (ISO 216) in points. */
const WIDTH = 595;
const HEIGHT = 842;
const MARGIN = 56;
/** Every character of Courier is 0.6 of its size wide, so that lines can be broken without tables of widths. */
const COURIER_WIDTH = 0.6;
const FONTS = { text: 'F1', bold: 'F2', mono: 'F3' } as const;

export interface Attachment {
  readonly name: string;
  readonly type: string;
  readonly text: string;
  readonly description: string;
}

export interface PdfPage {
  readonly title: string;
  readonly language: string;
  readonly attachment: Attachment;
}

/** A page of text from top to bottom. */
export class PdfText {
  readonly #parts: string[] = [];
  readonly #links: string[] = [];
  #y = HEIGHT - MARGIN;

  /** A line. It is not broken. */
  line(text: string, font: 'text' | 'bold', size: number): void {
    this.#y -= size * 1.4;
    this.#show(winAnsi(text), font, size, MARGIN);
  }

  /** Text, broken between words: by the width that characters of Helvetica have on average. */
  paragraph(text: string, size: number): void {
    const most = Math.floor((WIDTH - 2 * MARGIN) / (size * 0.52));
    let line = '';
    for (const word of text.split(' ')) {
      if (line !== '' && line.length + word.length >= most) {
        this.line(line, 'text', size);
        line = '';
      }
      line = line === '' ? word : `${line} ${word}`;
    }
    this.line(line, 'text', size);
  }

  /** A name and, right of it, a value in monospace, broken where the page ends. */
  fact(name: string, value: string): void {
    const size = 10;
    const left = MARGIN + 140;
    const lines = broken(winAnsi(value), size, WIDTH - MARGIN - left);
    for (const [index, line] of lines.entries()) {
      this.#y -= size * 1.5;
      if (index === 0) this.#show(winAnsi(name), 'text', size, MARGIN);
      this.#show(line, 'mono', size, left);
    }
    this.gap(3);
  }

  /** Text in monospace, broken anywhere. */
  mono(text: string, size: number): void {
    for (const line of broken(winAnsi(text), size, WIDTH - 2 * MARGIN)) {
      this.#y -= size * 1.3;
      this.#show(line, 'mono', size, MARGIN);
    }
  }

  /** A line that leads to an address. */
  link(text: string, address: string): void {
    const size = 10;
    this.line(text, 'text', size);
    const box = [MARGIN, this.#y - 3, WIDTH - MARGIN, this.#y + size].join(' ');
    this.#links.push(
      `<< /Type /Annot /Subtype /Link /Rect [${box}] /Border [0 0 0] /A << /S /URI /URI ${literal(address)} >> >>`,
    );
  }

  gap(points: number): void {
    this.#y -= points;
  }

  #show(codes: string, font: keyof typeof FONTS, size: number, x: number): void {
    const at = `${x} ${this.#y.toFixed(2)} Td`;
    this.#parts.push(`BT /${FONTS[font]} ${size} Tf ${at} ${literal(codes)} Tj ET`);
  }

  /** Writes the document (ISO 32000-1) with its attachment. */
  document({ title, language, attachment }: PdfPage): Uint8Array<ArrayBuffer> {
    const { name, type, text, description } = attachment;
    const font = (base: string) =>
      `<< /Type /Font /Subtype /Type1 /BaseFont /${base} /Encoding /WinAnsiEncoding >>`;
    const fonts = `/${FONTS.text} 5 0 R /${FONTS.bold} 6 0 R /${FONTS.mono} 7 0 R`;
    return file([
      `<< /Type /Catalog /Pages 2 0 R /Lang ${literal(language)} /ViewerPreferences << /DisplayDocTitle true >> /Names << /EmbeddedFiles << /Names [${literal(name)} 9 0 R] >> >> /AF [9 0 R] >>`,
      '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${WIDTH} ${HEIGHT}] /Contents 4 0 R /Resources << /Font << ${fonts} >> >> /Annots [${this.#links.join(' ')}] >>`,
      stream('', this.#parts.join('\n')),
      font('Helvetica'),
      font('Helvetica-Bold'),
      font('Courier'),
      stream(
        `/Type /EmbeddedFile /Subtype /${type.replaceAll('/', '#2F')} /Params << /Size ${text.length} >>`,
        text,
      ),
      `<< /Type /Filespec /F ${literal(name)} /UF ${unicode(name)} /Desc ${unicode(description)} /AFRelationship /Data /EF << /F 8 0 R /UF 8 0 R >> >>`,
      `<< /Title ${unicode(title)} /Producer (Sello) >>`,
    ]);
  }
}

/** Puts the objects together: numbered from 1, the catalogue first, the information last. */
function file(objects: readonly string[]): Uint8Array<ArrayBuffer> {
  let text = '%PDF-1.7\n%\xe2\xe3\xcf\xd3\n';
  const offsets = objects.map((object, index) => {
    const offset = text.length;
    text += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return `${String(offset).padStart(10, '0')} 00000 n \n`;
  });
  const start = text.length;
  const count = objects.length + 1;
  text += `xref\n0 ${count}\n0000000000 65535 f \n${offsets.join('')}`;
  text += `trailer\n<< /Size ${count} /Root 1 0 R /Info ${objects.length} 0 R >>\nstartxref\n${start}\n%%EOF\n`;
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function stream(entries: string, content: string): string {
  return `<< ${entries} /Length ${content.length} >>\nstream\n${content}\nendstream`;
}

/** A string of bytes (section 7.3.4.2). */
function literal(codes: string): string {
  return `(${codes.replace(/[\\()]/g, '\\$&').replaceAll('\r', '\\r')})`;
}

/** A text string in UTF-16 (section 7.9.2.2). */
function unicode(text: string): string {
  let hex = 'FEFF';
  for (let at = 0; at < text.length; at++)
    hex += text.charCodeAt(at).toString(16).toUpperCase().padStart(4, '0');
  return `<${hex}>`;
}

function broken(codes: string, size: number, width: number): readonly string[] {
  const most = Math.floor(width / (size * COURIER_WIDTH));
  return codes.match(new RegExp(`.{1,${most}}`, 'gs')) ?? [''];
}
