import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readGlossary } from '../../src/cli/choosing/glossary.js';
import { failed } from '../net/support.js';
import { makeFolder, removeFolder } from '../support/media.js';

let folder: string;
beforeEach(async () => {
  folder = await makeFolder();
});
afterEach(() => removeFolder(folder));

async function read(text: string, target = 'es', source: string | undefined = 'en', targets: string[] = [target]) {
  const path = join(folder, 'terms.csv');
  await writeFile(path, text);
  return readGlossary(path, { source, target, targets });
}

const many = 'a,b\n'.repeat(501);

describe('a glossary', () => {
  it.each([
    ['commas', 'bee,abeja\nhive,colmena\n'],
    ['tabs, and commas inside', 'bee\tabeja\nhive\tcolmena\n'],
    ['semicolons, a BOM, comments and empty lines', '\ufeff# my words\r\n\r\nbee;abeja\r\nhive ; colmena'],
    ['named columns', 'en,fr,es\nbee,abeille,abeja\nhive,ruche,colmena\nwasp,guêpe,\n'],
    ['columns under their heading, a term said twice', 'Term,Translation\nbee,abeja\nhive,colmena\nbee,abeja\n'],
    ['named columns in any order', 'es-MX,en\nabeja,bee\ncolmena,hive\n'],
  ])('is read from %s', async (_, text) => {
    expect(await read(text)).toEqual([
      { source: 'bee', target: 'abeja' },
      { source: 'hive', target: 'colmena' },
    ]);
  });

  it('holds separators and quotes in quotes', async () => {
    expect(await read('"Smith, ""Joe""",José\n')).toEqual([{ source: 'Smith, "Joe"', target: 'José' }]);
  });

  it('takes the first other column where the speech is not known yet', async () => {
    expect(await read('en,zh,ja\nbee,蜜蜂,ミツバチ\n', 'ja', undefined, ['zh', 'ja'])).toEqual([
      { source: 'bee', target: 'ミツバチ' },
    ]);
  });

  it.each([
    ['en,fr\nbee,abeille\n', 'es', ['es'], 'it has columns for en, fr and none for es'],
    ['bee,abeja\n', 'es', ['es', 'fr'], 'it does not say which of es, fr its translations are'],
    ['bee,abeja\nhive\n', 'es', ['es'], 'line 2 has one column: "hive"'],
    ['bee,abeja\nhive,colmena\nbee,abejorro\n', 'es', ['es'], '"bee" has two translations, "abeja" and "abejorro"'],
    ['# nothing\n', 'es', ['es'], 'it has no terms for es'],
    [many, 'es', ['es'], 'it has 501 terms, and 500 are the most'],
  ])('that does not fit is refused (%#), with what is wrong', async (text, target, targets, what) => {
    const error = await failed(read(text, target, 'en', targets));
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining(what) });
    expect(error.hint).toContain('term,translation');
  });

  it('that is not there is said to be missing', async () => {
    const error = await failed(readGlossary(join(folder, 'none.csv'), { source: 'en', target: 'es', targets: ['es'] }));
    expect(error.code).toBe('INPUT_UNREADABLE');
  });
});
