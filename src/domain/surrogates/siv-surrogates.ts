import { aesSiv } from './aes-siv.ts';
import { type DataKey, domainKey } from './data-key.ts';
import { packIdentifier, unpackIdentifier } from './packed-identifier.ts';
import { FORM, parseSurrogate, surrogateHeader, surrogateText } from './surrogate-text.ts';
import type { Surrogates } from './surrogates.ts';

export const SIV_ALGORITHM = 'aes-256-siv';
export const SIV_KEY_BYTES = 64;
export const SIV_FORMS = [FORM.uuid, FORM.uuidUpperCase, FORM.id, FORM.ascii, FORM.utf8];

/**
 * Surrogates by AES-256-SIV over the packed identifier; the header is the associated data, so form and version are
 * authenticated, too. 45 characters for a UUID, at most 64 for 36 characters of ASCII.
 */
export function sivSurrogates(dataKey: DataKey, domain: string): Surrogates {
  const siv = aesSiv(domainKey(dataKey, domain, SIV_ALGORITHM, SIV_KEY_BYTES));
  const headers = SIV_FORMS.map((form) => surrogateHeader(form, dataKey.version));
  const associated = headers.map((header) => siv.associate([Buffer.from(header, 'ascii')]));

  return {
    make(identifiers) {
      const packed = identifiers.map(packIdentifier);
      const invalid = packed.indexOf(undefined);
      if (invalid >= 0) return { invalid };
      const texts = new Array<string>(identifiers.length);
      SIV_FORMS.forEach((form, row) => {
        const indexes = packed.flatMap((identifier, i) => (identifier?.form === form ? [i] : []));
        const messages = indexes.flatMap((i) => packed[i]?.bytes ?? []);
        siv.seal(at(associated, row), messages).forEach((body, i) => {
          texts[at(indexes, i)] = surrogateText(at(headers, row), body);
        });
      });
      return { texts };
    },
    reverse(surrogates) {
      const parsed = surrogates.map(parseSurrogate);
      const texts = new Array<string | undefined>(surrogates.length).fill(undefined);
      SIV_FORMS.forEach((form, row) => {
        const indexes = parsed.flatMap((parts, i) =>
          parts?.form === form && parts.version === dataKey.version ? [i] : [],
        );
        const sealed = indexes.flatMap((i) => parsed[i]?.body ?? []);
        siv.open(at(associated, row), sealed).forEach((bytes, i) => {
          texts[at(indexes, i)] = bytes && unpackIdentifier({ form, bytes });
        });
      });
      const invalid = texts.indexOf(undefined);
      return invalid >= 0 ? { invalid } : { texts: texts.flatMap((text) => text ?? []) };
    },
  };
}

function at<Item>(list: readonly Item[], index: number): Item {
  const item = list[index];
  if (item === undefined) throw new Error('no such item');
  return item;
}
