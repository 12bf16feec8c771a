import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeBase64, encodeBase64 } from '../../../src/domain/encoding/base64.ts';
import { formatCheckpoint, parseCheckpoint } from '../../../src/domain/log/checkpoint.ts';
import { cosignedMessage, encodeCosignature, parseCosignature } from '../../../src/domain/log/cosignature.ts';
import { formatProofFile, parseProofFile } from '../../../src/domain/log/proof-file.ts';
import { formatNote, parseNote } from '../../../src/domain/log/signed-note.ts';
import { parseTilePath, tilePath } from '../../../src/domain/log/tiles.ts';
import { formatVerifierKey, NOTE_KEY_TYPE } from '../../../src/domain/log/verifier-key.ts';
import { noteVerifierKey, readVerifierKey, verifyNote } from '../../../src/domain/log/verify-note.ts';
import { anyText } from '../arbitraries.ts';

/** The example of https://c2sp.org/signed-note. */
const VKEY = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
const NOTE = `This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
`;
const anyHash = fc.uint8Array({ minLength: 32, maxLength: 32 });

function newKey(name: string, type: 1 | 4 = NOTE_KEY_TYPE.ed25519) {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const bytes = Buffer.from(publicKey.export({ format: 'jwk' }).x as string, 'base64url');
  const key = noteVerifierKey(name, bytes, type);
  return { key, sign: (text: string) => new Uint8Array(sign(null, Buffer.from(text), privateKey)) };
}

test('the specification’s example of a note verifies by its key, and by nothing else', () => {
  const key = readVerifierKey(VKEY);
  const note = parseNote(NOTE);
  assert.ok(key && note);
  assert.equal(note.text, 'This is an example message.\n');
  assert.equal(verifyNote(note, key), 'valid');
  assert.equal(formatVerifierKey(key), VKEY);
  assert.equal(formatNote(note), NOTE);
  assert.equal(verifyNote({ ...note, text: 'This is another message.\n' }, key), 'invalid');
  assert.equal(verifyNote(note, newKey('example.com/foo').key), 'absent');
  assert.equal(verifyNote(note, { ...key, name: 'example.com/bar' }), 'absent');
  const twice = {
    ...note,
    signatures: [
      ...note.signatures,
      { ...(note.signatures[0] ?? assert.fail()), signature: new Uint8Array(64) },
    ],
  };
  assert.equal(verifyNote(twice, key), 'invalid');
});

test('notes and verifier keys of another form are refused', () => {
  for (const text of [
    '',
    'text\n',
    'text\n\n',
    'text\n— a AAAAAAA=\n',
    NOTE.slice(0, -1),
    NOTE.replace('—', '-'),
    NOTE.replace('example.com/foo', 'example.com/f+o'),
    NOTE.replace('example.com/foo', ''),
    NOTE.replace('QM=', 'QN='),
    NOTE.replace('QM=', 'QM'),
    `${NOTE}\n`,
    NOTE.replace('example message', 'example\tmessage'),
    NOTE.replace('example message', 'example\ud800message'),
    `text\n\n${'— a AAAAAAA=\n'.repeat(65)}`,
    `text\n\n— a AAAA\n`,
  ])
    assert.equal(parseNote(text), undefined, JSON.stringify(text));
  for (const text of [
    '',
    VKEY.replace('530d903a', '530d903b'),
    VKEY.replace('530d903a', '530D903A'),
    VKEY.replace('AekyeRrm', 'BukyeRrm'),
    VKEY.slice(0, -1),
    VKEY.replace('example.com/foo', 'example com'),
    `${VKEY}+`,
  ])
    assert.equal(readVerifierKey(text), undefined, text);
  assert.throws(() => noteVerifierKey('a+b', new Uint8Array(32)), RangeError);
});

test('a text with empty lines is signed up to the last of them', () => {
  const { key, sign: signText } = newKey('log');
  const text = 'a\n\nb\n';
  const note = parseNote(formatNote({ text, signatures: [{ ...key, signature: signText(text) }] }));
  assert.equal(note?.text, text);
  assert.equal(note && verifyNote(note, key), 'valid');
});

test('a witness signs the checkpoint with its time', () => {
  const { key, sign: signText } = newKey('witness.example', NOTE_KEY_TYPE.cosignature);
  const text = formatCheckpoint({ origin: 'log', size: 3, root: new Uint8Array(32) });
  const timeS = 1_679_315_147;
  const signature = encodeCosignature({ timeS, signature: signText(cosignedMessage(text, timeS)) });
  const note = parseNote(formatNote({ text, signatures: [{ ...key, signature }] }));
  assert.ok(note);
  assert.equal(verifyNote(note, key), 'valid');
  assert.equal(parseCosignature(signature)?.timeS, timeS);
  const later = encodeCosignature({ timeS: timeS + 1, signature: signature.slice(8) });
  assert.equal(verifyNote({ text, signatures: [{ ...key, signature: later }] }, key), 'invalid');
  assert.equal(verifyNote({ text, signatures: [{ ...key, signature: signature.slice(8) }] }, key), 'invalid');
});

test('checkpoints are read as they are written, and others are refused', () => {
  fc.assert(
    fc.property(fc.nat(), anyHash, (size, root) => {
      const text = formatCheckpoint({ origin: 'bank.example/log', size, root });
      assert.deepEqual(parseCheckpoint(text), { origin: 'bank.example/log', size, root });
    }),
  );
  const good = formatCheckpoint({ origin: 'log', size: 12, root: new Uint8Array(32) });
  for (const bad of [
    good.slice(0, -1),
    `${good}extension\n`,
    good.replace('12', '012'),
    good.replace('12', '-1'),
    good.replace('12', '1e3'),
    good.replace('12', '99999999999999999'),
    good.replace('log\n', '\n'),
    good.replace('AAA=', 'AAA'),
    good.replace('AAAA', ''),
  ])
    assert.equal(parseCheckpoint(bad), undefined, bad);
});

test('proof files are read as they are written, whatever else is given is refused without an exception', () => {
  fc.assert(
    fc.property(
      fc.nat(),
      fc.array(anyHash, { maxLength: 40 }),
      fc.option(fc.uint8Array({ minLength: 1 }), { nil: undefined }),
      (index, hashes, extra) => {
        const file = { index, hashes, checkpoint: NOTE, ...(extra ? { extra } : {}) };
        assert.deepEqual(parseProofFile(formatProofFile(file)), file);
      },
    ),
  );
  const good = formatProofFile({ index: 7, hashes: [new Uint8Array(32)], checkpoint: NOTE });
  for (const bad of [
    good.replace('@v1', '@v2'),
    good.replace('index 7', 'index 07'),
    good.replace('index 7', 'index x'),
    good.replace('AAA=', 'AA=='),
    good.replace('\n\n', '\n'),
    good.replace('index', 'extra !\nindex'),
    formatProofFile({ index: 7, hashes: Array(65).fill(new Uint8Array(32)), checkpoint: NOTE }),
  ])
    assert.equal(parseProofFile(bad), undefined, bad);
  fc.assert(
    fc.property(anyText, (text) => {
      parseProofFile(`c2sp.org/tlog-proof@v1\n${text}`);
      parseProofFile(text);
      parseNote(`${text}\n\n— ${text}\n`);
      parseNote(text);
      readVerifierKey(text);
      parseCheckpoint(text);
      parseTilePath(text);
    }),
  );
});

test('a tile has exactly one path', () => {
  assert.equal(tilePath({ level: 0, number: 1_234_067, width: 256 }), 'tile/0/x001/x234/067');
  assert.equal(tilePath({ level: 'entries', number: 0, width: 255 }), 'tile/entries/000.p/255');
  fc.assert(
    fc.property(
      fc.oneof(fc.constant('entries' as const), fc.integer({ min: 0, max: 63 })),
      fc.integer({ min: 0, max: 10 ** 15 - 1 }),
      fc.integer({ min: 1, max: 256 }),
      (level, number, width) => {
        assert.deepEqual(parseTilePath(tilePath({ level, number, width })), { level, number, width });
      },
    ),
  );
  for (const path of [
    'tile/0/x000/001',
    'tile/00/001',
    'tile/64/001',
    'tile/0/1',
    'tile/0/001.p/0',
    'tile/0/001.p/256',
    'tile/0/001.p/01',
    'tile/0/001/002',
    'tile/-1/001',
    'tile/data/001',
    'tile/0/x001/x002/x003/x004/x005/006',
    '/tile/0/001',
    'tile/0/001\n',
  ])
    assert.equal(parseTilePath(path), undefined, path);
});

test('base64 is decoded in its canonical form alone', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => assert.deepEqual(decodeBase64(encodeBase64(bytes)), bytes)),
  );
  for (const text of [
    'A',
    'AB',
    'ABC',
    'AB==\n',
    ' AAA',
    'AB==AAAA',
    '-_-_',
    'AC=='.replace('C', 'B'),
    'AAB=',
  ])
    assert.equal(decodeBase64(text), undefined, text);
});
