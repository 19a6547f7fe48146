import { readFile } from 'node:fs/promises';
import { parseLanguage, sameLanguage } from '../../domain/language.js';
import { DubError } from '../../errors.js';

/** A term and the translation it must have. */
export interface GlossaryTerm {
  readonly source: string;
  readonly target: string;
}

/** Which columns of a glossary are wanted. */
export interface GlossaryWish {
  /** BCP 47 of the speech, when it is known. */
  readonly source: string | undefined;
  readonly target: string;
  /** All targets of the call: a glossary that names no languages serves one. */
  readonly targets: readonly string[];
}

/** More terms than this are too many for a prompt. */
const mostTerms = 500;

const form =
  'Write a line for each term, `term,translation` (a tab or a semicolon will do as well); for several languages begin with a line of their tags, such as `en,zh,ja`.';

/**
 * The terms of a glossary file for one pair of languages. A file has two columns, or a first line of language tags that
 * names its columns, or the line `term,translation`. Empty lines and lines that begin with `#` count for nothing; a term without a translation into this
 * target is left out.
 * @throws INPUT_UNREADABLE for a file that cannot be read, CONFIG_INVALID for one that is no glossary of these languages
 */
export async function readGlossary(path: string, wish: GlossaryWish): Promise<readonly GlossaryTerm[]> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new DubError('INPUT_UNREADABLE', `The glossary ${path} cannot be read.`, {
      hint: 'Check the path after --glossary.',
      cause,
    });
  });
  const rows = rowsOf(text);
  const tags = rows[0]?.cells.map((cell) => (isTag(cell) ? parseLanguage(cell) : undefined)) ?? [];
  const hasHead = tags.length > 1 && tags.every((tag) => tag !== undefined);
  const columns = hasHead ? namedColumns(tags as string[], path, wish) : plainColumns(path, wish);
  const terms = rows.slice(hasHead || isHeading(rows[0]?.cells) ? 1 : 0).flatMap(({ cells, line }) => {
    if (cells.length < 2) throw wrong(path, `line ${line} has one column: ${JSON.stringify(cells[0])}`);
    const [source = '', target = ''] = [cells[columns.source], cells[columns.target]];
    return source === '' || target === '' ? [] : [{ source, target }];
  });
  if (terms.length > mostTerms) throw wrong(path, `it has ${terms.length} terms, and ${mostTerms} are the most`);
  if (terms.length === 0) throw wrong(path, `it has no terms for ${wish.target}`);
  return withoutRepeats(terms, path);
}

/** The names that the two columns have in a table program, as the help writes them; without this they would be a term. */
function isHeading(cells: readonly string[] = []): boolean {
  return ['term,translation', 'source,target'].includes(cells.join(',').toLowerCase());
}

/** @throws CONFIG_INVALID for a term with two translations: no line could have both, and each would be asked for again */
function withoutRepeats(terms: readonly GlossaryTerm[], path: string): GlossaryTerm[] {
  const known = new Map<string, string>();
  for (const { source, target } of terms) {
    const before = known.get(source) ?? target;
    if (before !== target) throw wrong(path, `"${source}" has two translations, "${before}" and "${target}"`);
    known.set(source, target);
  }
  return [...known].map(([source, target]) => ({ source, target }));
}

function rowsOf(text: string): { readonly cells: readonly string[]; readonly line: number }[] {
  const lines = text.replace(/^\ufeff/, '').split(/\r\n|\n|\r/);
  return lines
    .map((content, index) => ({ content: content.trim(), line: index + 1 }))
    .filter(({ content }) => content !== '' && !content.startsWith('#'))
    .map(({ content, line }) => ({ cells: cellsOf(content), line }));
}

/** A tab separates before a semicolon, and that before a comma; quotes hold a cell together, and "" is one of them. */
function cellsOf(line: string): string[] {
  const separator = ['\t', ';', ','].find((sign) => line.includes(sign)) ?? ',';
  const cell = new RegExp(`("(?:[^"]|"")*"|[^${separator}]*)(?:${separator}|$)`, 'g');
  const found = [...`${line}${separator}`.matchAll(cell)].map((match) => match[1]!.trim()).slice(0, -1);
  return found.map((text) => (/^".*"$/s.test(text) ? text.slice(1, -1).replaceAll('""', '"').trim() : text));
}

function isTag(cell: string): boolean {
  return /^[a-z]{2,3}([-_][a-z0-9]{2,8})*$/i.test(cell);
}

function namedColumns(tags: readonly string[], path: string, { source, target }: GlossaryWish) {
  const exact = tags.indexOf(target);
  const targetColumn = exact >= 0 ? exact : tags.findIndex((tag) => sameLanguage(tag, target));
  if (targetColumn < 0) throw wrong(path, `it has columns for ${tags.join(', ')} and none for ${target}`);
  const spoken = source === undefined ? -1 : tags.findIndex((tag) => sameLanguage(tag, source));
  if (source !== undefined && spoken < 0)
    throw wrong(path, `it has columns for ${tags.join(', ')} and none for ${source}`);
  return { source: spoken >= 0 ? spoken : tags.findIndex((_, index) => index !== targetColumn), target: targetColumn };
}

function plainColumns(path: string, { targets }: GlossaryWish) {
  if (targets.length > 1) throw wrong(path, `it does not say which of ${targets.join(', ')} its translations are`);
  return { source: 0, target: 1 };
}

function wrong(path: string, what: string): DubError {
  return new DubError('CONFIG_INVALID', `The glossary ${path} cannot be used: ${what}.`, { hint: form });
}
