import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { OptionSpec } from '../config/option.js';
import { exitNumbers } from '../errors.js';
import { commandNames, commandTable } from './commands.js';
import { optionTable, shownFlag } from './options.js';

/** A file of the repository that is printed from the code, wholly or between markers. */
export interface GeneratedFile {
  /** From the root of the repository. */
  readonly path: string;
  /** What the file should hold, given what it holds now (empty when there is none). */
  render(current: string): Promise<string>;
}

/** Everything that is printed from the code. */
export const generatedFiles: readonly GeneratedFile[] = [
  { path: 'README.md', render: fillReadme },
  { path: '.dubbingrc.example', render: async () => renderExample() },
  { path: 'schema/events.schema.json', render: renderSchema },
  ...(['asr', 'translation', 'voices'] as const).map((kind) => ({
    path: `docs/services/model-studio-${kind}.md`,
    render: async (page: string) => fillMarkers(page, 'prices', (await import('./price-tables.js')).renderPrices(kind)),
  })),
];

/** The README with its tables between `<!-- name -->` and `<!-- /name -->` brought up to date. */
export async function fillReadme(readme: string): Promise<string> {
  const { listProviders } = await import('../providers/registry.js');
  const tables = {
    commands: renderCommandTable(),
    options: renderOptionTable(),
    providers: renderProviderTable(listProviders()),
    exits: renderExitTable(),
  };
  return Object.entries(tables).reduce((text, [name, table]) => fillMarkers(text, name, table), readme);
}

/** Text with what stands between the two markers replaced; unchanged when it has no such markers. */
export function fillMarkers(text: string, name: string, content: string): string {
  const between = new RegExp(`(<!-- ${name} -->\\n)[\\s\\S]*?(<!-- /${name} -->)`);
  return text.replace(between, (_, open: string, close: string) => `${open}\n${content}\n\n${close}`);
}

/** Every command with what follows its name. */
export function renderCommandTable(): string {
  const rows = commandNames.map((name) => {
    const { operands, summary } = commandTable[name];
    return [code(`dub ${name === 'run' ? '' : `${name} `}${operands}`.trim()), summary];
  });
  return markdownTable(['command', 'what it does'], rows);
}

/** Every setting with its flag, variables, key and default. */
export function renderOptionTable(): string {
  const rows = specs().map(([key, spec]) => {
    const value = spec.value === undefined ? '' : ` ${spec.choices ? spec.value : `<${spec.value}>`}`;
    return [
      spec.flag === undefined ? '–' : code(`${spec.short ? `${spec.short}, ` : ''}${shownFlag(spec)}${value}`),
      (spec.env ?? []).map(code).join(', ') || '–',
      spec.rc
        ? code(key)
        : spec.feeds
          ? `${code(spec.feeds[0]!.option)} of ${spec.feeds.map(({ provider }) => code(provider)).join(', ')} under ${code('providers')}`
          : '–',
      describeDefault(spec),
      spec.help,
    ];
  });
  return markdownTable(['flag', 'variable', 'key in .dubbingrc', 'default', 'what it does'], rows);
}

function describeDefault(spec: OptionSpec<unknown>): string {
  if (spec.defaultText !== undefined) return spec.defaultText;
  const value = spec.default;
  if (typeof value === 'string' || typeof value === 'number') return code(String(value));
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return '–';
}

/** What the provider table needs of a registry entry. */
export interface ListedProvider {
  readonly kind: string;
  readonly name: string;
  readonly summary: string;
  readonly offline: boolean;
  readonly rough: boolean;
}

/** Every provider that is registered. */
export function renderProviderTable(providers: readonly ListedProvider[]): string {
  const rows = providers.map(({ kind, name, summary, offline, rough }) => [
    kind,
    code(name),
    summary,
    offline ? 'none' : 'needed',
    rough ? 'when named' : offline ? 'by itself' : 'never',
  ]);
  return markdownTable(['kind', 'name', 'what it is', 'network', 'taken by `--offline`'], rows);
}

const whoActs: Readonly<Record<number, string>> = {
  2: 'whoever typed it',
  3: 'whoever chose the file',
  4: 'whoever runs the machine',
  5: 'whoever holds the account',
  6: 'time: the same command goes on from where it was',
  7: 'an editor; only with `--strict` or `--on-overflow fail`',
  130: 'nobody; finished work is kept',
};

/** Every exit number, its codes and who acts on it. */
export function renderExitTable(): string {
  const numbers = [...new Set(Object.values(exitNumbers))].sort((a, b) => a - b);
  const codesOf = (exit: number) =>
    Object.entries(exitNumbers)
      .filter(([, number]) => number === exit)
      .map(([name]) => code(name));
  const rows = numbers.map((exit) => [String(exit), codesOf(exit).join(' '), whoActs[exit] ?? '–']);
  const gaps = [
    '8',
    'finished with gaps: a line was not voiced as asked, or another provider took over',
    'whoever listens to it',
  ];
  const first = [
    ['0', 'done', 'nobody'],
    ['1', 'a fault in dub itself', 'whoever maintains dub'],
  ];
  return markdownTable(['exit', 'codes', 'who acts'], [...first, ...rows.slice(0, -1), gaps, ...rows.slice(-1)]);
}

/** The example config file: YAML in which every setting is a comment. */
export function renderExample(): string {
  const settings = specs().filter(([, spec]) => spec.rc);
  const entries = settings.map(([key, spec]) => {
    const ways = [shownFlag(spec), ...(spec.env ?? [])].filter((way) => way !== undefined);
    const told = ways.length === 0 ? '' : ` (${ways.join(', ')})`;
    const trusted = spec.runs ? '# Not taken from a file that was only found: put it into ~/.dubbingrc.\n' : '';
    return `# ${spec.help}${told}\n${trusted}#${key}: ${JSON.stringify(exampleOf(key, spec))}\n`;
  });
  return `${exampleHead}\n${entries.join('\n')}\n${exampleTail}`;
}

const exampleHead = `# Settings of dub, as YAML (JSON is fine too). Copy this to .dubbingrc in a project's folder or to
# ~/.dubbingrc, and take away the # in front of a setting. A flag overrules a variable, a variable overrules a
# profile, a profile overrules the settings here; the project's file overrules the user's.
`;

const exampleTail = `# named sets of settings, chosen with --profile NAME or DUBBING_PROFILE
#profiles: {"night": {"quiet": true, "onLineFailure": "silence"}}
`;

function exampleOf(key: string, spec: OptionSpec<unknown>): unknown {
  if (spec.example !== undefined) return spec.example;
  const value = spec.default;
  if (typeof value !== 'function' && value !== undefined && typeof value !== 'object') return value;
  const samples: Readonly<Record<string, unknown>> = {
    from: 'en',
    translator: 'subtitles',
    store: 'none',
    voice: { A: 'es' },
    profile: 'night',
    cache: '/var/cache/dubbing',
    ffmpeg: '/usr/bin/ffmpeg',
    ffprobe: '/usr/bin/ffprobe',
  };
  return samples[key] ?? '';
}

/** JSON Schema of one line of `--json`, made from the types of events and of answers. */
export async function renderSchema(): Promise<string> {
  const [{ z }, { runEvent }, { answer }] = await Promise.all([
    import('zod'),
    import('../pipeline/events.js'),
    import('./answers.js'),
  ]);
  const { $schema, ...rest } = z.toJSONSchema(z.discriminatedUnion('type', [...runEvent.options, ...answer.options]));
  const schema = {
    $schema,
    title: 'An event of dub: one line of its output under --json',
    description:
      'The last line of a run is a `summary` or an `error`; other commands answer with one line of their own type, or an `error`. Documented fields only grow; expect more.',
    ...rest,
  };
  return `${JSON.stringify(loosen(schema), null, 2)}\n`;
}

/** Fields may be added later, so a reader must not refuse unknown ones. */
function loosen(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(loosen);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([key, inner]) => !(key === 'additionalProperties' && inner === false));
  return Object.fromEntries(kept.map(([key, inner]) => [key, loosen(inner)]));
}

function specs(): [string, OptionSpec<unknown>][] {
  return Object.entries(optionTable) as [string, OptionSpec<unknown>][];
}

function code(text: string): string {
  return `\`${text.replaceAll('|', '\\|')}\``;
}

function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), `|${' --- |'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

/**
 * Compares the generated files with what they should hold and, when `write` is set, writes those that differ.
 * @returns the paths that differed
 */
export async function syncGenerated(root: string, write: boolean): Promise<string[]> {
  const stale: string[] = [];
  for (const { path, render } of generatedFiles) {
    const current = await readFile(`${root}/${path}`, 'utf8').catch(() => '');
    const wanted = await render(current);
    if (wanted === current) continue;
    stale.push(path);
    if (write) await writeFile(`${root}/${path}`, wanted);
  }
  return stale;
}

// Run by hand: `node dist/cli/docs.js --write`.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const write = process.argv.includes('--write');
  const stale = await syncGenerated(fileURLToPath(new URL('../..', import.meta.url)), write);
  for (const path of stale) console.log(`${path} ${write ? 'written' : 'is out of date: run `npm run docs`'}`);
  if (!write && stale.length > 0) process.exitCode = 1;
}
