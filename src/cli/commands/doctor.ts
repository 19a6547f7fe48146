import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Config, LoadedConfig } from '../../config/config.js';
import { DubError, exitNumbers } from '../../errors.js';
import type { MediaTools } from '../../media/tools.js';
import type { Call } from '../call.js';
import { withProviderTools } from '../choosing/provider-tools.js';
import { refuseOperands } from '../operands.js';
import { renderTable } from '../render/table.js';
import { visible } from '../render/text.js';

/** One thing looked at. */
interface Check {
  readonly name: string;
  /** `bad` stands in the way of any dub; `missing` only of some. */
  readonly status: 'ok' | 'missing' | 'bad';
  readonly detail: string;
  readonly hint?: string | undefined;
}

/** `dub doctor`: what this machine has and what is missing. Exit 0 when a dub can be made, else that of the first bad thing. */
export async function doctorCommand(call: Call): Promise<number> {
  refuseOperands(call, '`dub doctor` looks at the machine, not at files.');
  const { loaded, check: config } = await checkConfig(call);
  const checks: Check[] = [
    checkNode(process.versions.node),
    ...(await checkMedia(loaded.config)),
    await checkFolder(loaded.config.cache),
    config,
    ...(await checkEngines(call, loaded)),
    ...(await checkRuntime(call)),
  ];
  const bad = checks.filter((check) => check.status === 'bad');
  if (call.json) call.printAnswer('doctor', { ok: bad.length === 0, checks });
  else call.print(`${renderChecks(checks, call)}\n${closing(checks, bad)}\n`);
  return bad.length === 0 ? 0 : bad[0] === config ? exitNumbers.CONFIG_INVALID : exitNumbers.FFMPEG_MISSING;
}

/** A faulty config file is one of the things to tell; the rest is looked at with the defaults. */
async function checkConfig(call: Call): Promise<{ readonly loaded: LoadedConfig; readonly check: Check }> {
  try {
    const loaded = await call.loadConfig();
    const detail = loaded.files.length === 0 ? 'no file; the defaults hold' : loaded.files.join(', ');
    return { loaded, check: { name: 'config', status: 'ok', detail } };
  } catch (error) {
    if (!(error instanceof DubError) || error.code !== 'CONFIG_INVALID') throw error;
    return {
      loaded: call.defaults(),
      check: { name: 'config', status: 'bad', detail: error.message, hint: error.hint },
    };
  }
}

function renderChecks(checks: readonly Check[], { outStyle }: Call): string {
  const paint = { ok: outStyle.green, missing: outStyle.yellow, bad: outStyle.red };
  const rows = checks.flatMap(({ name, status, detail, hint }) => [
    [paint[status](status.padEnd(7)), name, visible(detail)],
    ...(hint === undefined ? [] : [['       ', '', outStyle.dim(visible(hint))]]),
  ]);
  return renderTable(rows);
}

function closing(checks: readonly Check[], bad: readonly Check[]): string {
  if (bad.length > 0)
    return `No dub can be made here until this is mended: ${bad.map((check) => check.name).join('; ')}.`;
  const speaks = checks.some((check) => check.name.startsWith('tts:') && check.status === 'ok');
  if (!speaks) return 'ffmpeg is fine, but nothing here can speak: install one of the tts engines above.';
  return 'A dub can be made here.';
}

/** Node 20.19 is the oldest this package is tested with. */
function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const fine = major > 20 || (major === 20 && minor >= 19);
  if (fine) return { name: 'node', status: 'ok', detail: version };
  return {
    name: 'node',
    status: 'bad',
    detail: `${version}, but 20.19 or newer is needed`,
    hint: 'Install a newer Node.',
  };
}

async function checkMedia(config: Config): Promise<Check[]> {
  const { findMediaTools } = await import('../../media/tools.js');
  try {
    const tools = await findMediaTools({ ffmpeg: config.ffmpeg, ffprobe: config.ffprobe });
    const found: Check = { name: 'ffmpeg, ffprobe', status: 'ok', detail: `${tools.version} (${tools.ffmpeg})` };
    return [found, ...(await checkParts(tools))];
  } catch (error) {
    if (!(error instanceof DubError)) throw error;
    return [{ name: 'ffmpeg, ffprobe', status: 'bad', detail: error.message, hint: error.hint }];
  }
}

interface Part {
  readonly name: string;
  /** Undefined when every dub needs it. */
  readonly only?: string;
}

const filters: readonly Part[] = ['asetpts', 'aresample', 'atrim', 'apad', 'atempo'].map((name) => ({ name }));

const encoders: readonly Part[] = [
  { name: 'aac' },
  { name: 'flac' },
  { name: 'pcm_s16le' },
  { name: 'srt' },
  { name: 'mov_text', only: 'subtitles in MP4 and MOV' },
  { name: 'webvtt', only: 'subtitles in WebM' },
  { name: 'libopus', only: 'WebM and Opus files' },
  { name: 'libvorbis', only: 'Ogg files' },
  { name: 'libmp3lame', only: 'MP3 files' },
];

async function checkParts(tools: MediaTools): Promise<Check[]> {
  const list = async (what: string) => (await promisify(execFile)(tools.ffmpeg, ['-hide_banner', what])).stdout;
  const [filterList, encoderList] = await Promise.all([list('-filters'), list('-encoders')]);
  return [toCheck('ffmpeg filters', filters, filterList), toCheck('ffmpeg encoders', encoders, encoderList)];
}

/** ffmpeg lists one a line: flags, the name, then words. */
function toCheck(name: string, parts: readonly Part[], listed: string): Check {
  const known = new Set(listed.split('\n').map((line) => line.trim().split(/\s+/)[1]));
  const absent = parts.filter((part) => !known.has(part.name));
  if (absent.length === 0) return { name, status: 'ok', detail: parts.map((part) => part.name).join(' ') };
  const detail = absent.map((part) => `${part.name} is missing${part.only ? ` (${part.only})` : ''}`).join(', ');
  const status = absent.some((part) => part.only === undefined) ? 'bad' : 'missing';
  return { name, status, detail, hint: 'Install a full build of ffmpeg, or name one with FFMPEG_PATH.' };
}

/** Only a run with a model as separator needs one, so what is not there is not told. */
async function checkRuntime(call: Call): Promise<Check[]> {
  const { findRuntime } = await import('../../pipeline/bed.js');
  const path = findRuntime(call.io.cwd);
  return path === undefined ? [] : [{ name: 'ONNX Runtime', status: 'ok', detail: path }];
}

async function checkFolder(folder: string): Promise<Check> {
  try {
    await mkdir(folder, { recursive: true });
    const probe = await mkdtemp(join(folder, 'doctor-'));
    await writeFile(join(probe, 'written'), 'x').finally(() => rm(probe, { recursive: true, force: true }));
    return { name: 'cache folder', status: 'ok', detail: folder };
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    const detail = `${folder} cannot be written to (${reason})`;
    return { name: 'cache folder', status: 'bad', detail, hint: 'Name another one with DUBBING_CACHE.' };
  }
}

async function checkEngines(call: Call, loaded: LoadedConfig): Promise<Check[]> {
  const { listEngines } = await import('../choosing/engines.js');
  const engines = await withProviderTools(call.io, (tools) =>
    listEngines({ loaded, cwd: call.io.cwd, tools, signal: call.signal }),
  );
  const fitting = engines.filter(({ entry }) => entry.platform === undefined || entry.platform === call.io.platform);
  return fitting.map(({ name, ready, detail, hint }) => ({
    name,
    status: ready ? 'ok' : 'missing',
    detail,
    hint: ready ? undefined : hint,
  }));
}
