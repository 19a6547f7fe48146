import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { DubError } from '../errors.js';

const run = promisify(execFile);

/** The ffmpeg and ffprobe programs of this machine. */
export interface MediaTools {
  readonly ffmpeg: string;
  readonly ffprobe: string;
  /** As ffmpeg prints it, e.g. `5.1.9-0+deb12u1`. */
  readonly version: string;
}

/** Oldest ffmpeg whose filters and muxers this tool was measured with. */
export const oldestFfmpeg = { major: 5, minor: 1 };

const installHint =
  'Install it with `sudo apt-get install -y ffmpeg` (Debian, Ubuntu) or `brew install ffmpeg` (macOS), ' +
  'or point FFMPEG_PATH and FFPROBE_PATH at the programs.';

/**
 * Finds ffmpeg and ffprobe and checks that they run and are new enough.
 * @param paths program paths from the user, undefined to search PATH
 * @throws FFMPEG_MISSING, FFMPEG_TOO_OLD
 */
export async function findMediaTools(
  paths: { readonly ffmpeg?: string | undefined; readonly ffprobe?: string | undefined } = {},
): Promise<MediaTools> {
  const ffmpeg = paths.ffmpeg ?? 'ffmpeg';
  const ffprobe = paths.ffprobe ?? 'ffprobe';
  const [version] = await Promise.all([readVersion(ffmpeg, 'ffmpeg'), readVersion(ffprobe, 'ffprobe')]);
  checkVersion(version, ffmpeg);
  return { ffmpeg, ffprobe, version };
}

async function readVersion(program: string, name: string): Promise<string> {
  const answer = await run(program, ['-version'], { timeout: 10_000, windowsHide: true }).catch((cause: unknown) => {
    throw new DubError('FFMPEG_MISSING', `${name} could not be started as \`${program}\` (${reasonOf(cause)}).`, {
      hint: installHint,
      cause,
    });
  });
  const version = new RegExp(`^${name} version (\\S+)`).exec(answer.stdout)?.[1];
  if (version) return version;
  throw new DubError('FFMPEG_MISSING', `\`${program} -version\` does not answer like ${name}.`, { hint: installHint });
}

/** `ENOENT`, `EACCES`, `exit code 3` or `no answer in 10 s`. */
function reasonOf(cause: unknown): string {
  const { code, killed } = cause as { code?: string | number | null; killed?: boolean };
  if (killed) return 'no answer in 10 s';
  return typeof code === 'number' ? `exit code ${code}` : (code ?? 'it was killed');
}

/** A version that is not a number (`N-109542-g…`, a git build) is newer than any release we refuse. */
function checkVersion(version: string, program: string): void {
  const match = /^n?(\d+)\.(\d+)/.exec(version);
  if (!match) return;
  const major = Number(match[1]);
  const minor = Number(match[2]);
  if (major > oldestFfmpeg.major || (major === oldestFfmpeg.major && minor >= oldestFfmpeg.minor)) return;
  throw new DubError(
    'FFMPEG_TOO_OLD',
    `\`${program}\` is version ${version}; ${oldestFfmpeg.major}.${oldestFfmpeg.minor} or newer is needed.`,
    { hint: installHint },
  );
}
