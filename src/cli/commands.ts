import type { Config } from '../config/config.js';
import type { CallOptionName } from './options.js';

/** Name of a command; `run` is the one without a name. */
export type CommandName =
  | 'run'
  | 'redo'
  | 'clean'
  | 'batch'
  | 'plan'
  | 'costs'
  | 'check'
  | 'doctor'
  | 'voices'
  | 'cast'
  | 'providers'
  | 'config'
  | 'completion';

/** What the command line knows of a command before its code is loaded. */
export interface CommandSpec {
  readonly summary: string;
  /** What follows the command's name in its usage line. */
  readonly operands: string;
  readonly settings: readonly (keyof Config)[] | 'all';
  readonly calls: readonly CallOptionName[];
  /** What can be asked and what comes of it: command lines, each with a few words. */
  readonly examples: readonly (readonly [string, string])[];
}

const shown = ['json', 'quiet', 'verbose'] as const;
const machine = ['ffmpeg', 'ffprobe', 'cache'] as const;
const engines = [
  'whisperCppBinary',
  'whisperCppModel',
  'piperBinary',
  'piperModel',
  'dashscopeRegion',
  'indexttsUrl',
  'indexttsDialect',
] as const;

/** Every command, in the order of `dub --help`. */
export const commandTable: Readonly<Record<CommandName, CommandSpec>> = {
  run: {
    summary: 'dub videos into other languages',
    operands: '<input…> --to <lang[,lang…]> [options]',
    settings: 'all',
    calls: ['config', 'help', 'version'],
    examples: [
      ['dub talk.mp4 --to en', 'with DASHSCOPE_API_KEY set nothing else is needed'],
      [
        'dub talk.mp4 --to es --offline --script talk.en.srt --translation talk.es.srt',
        'your own words, voiced on this machine',
      ],
      ['dub talk.mp4 --to es,fr --asr whisper-cpp --translator apertium --tts piper', 'engines by name, two targets'],
      ['dub talk.mp4 --to es --dry-run', 'what would run and what it would cost'],
      ['out=$(dub --quiet talk.mp4 --to es)', 'the finished path in a script'],
    ],
  },
  batch: {
    summary: 'dub many files, each once, going on after one that fails',
    operands: '<input…> | --files <list> --to <lang[,lang…]> [options]',
    settings: 'all',
    calls: ['config', 'help', 'version'],
    examples: [
      ['dub batch *.mp4 --to en,es --jobs 2', 'two files side by side; again: only what is missing'],
      ['find films -name "*.mkv" -print0 | dub batch -0 --files - --to es', 'a list from stdin'],
      ['dub batch --files list.txt --to es --shard 3/8 --summary out.json', 'one task of a job array'],
    ],
  },
  plan: {
    summary: 'tell what would run, what leaves the machine and what it would cost',
    operands: '<input…> --to <lang[,lang…]> [options]',
    settings: 'all',
    calls: ['config', 'help', 'version'],
    examples: [
      ['dub plan talk.mp4 --to es --currency CNY', 'stages, hosts, lines and a range of money; sends nothing'],
    ],
  },
  redo: {
    summary: 'show the lines you edited and their cost, then voice only those',
    operands: '<work folder|input> [options]',
    settings: 'all',
    calls: ['config', 'help', 'version'],
    examples: [
      ['dub redo talk.dub', 'after an edit of talk.dub/script.srt or talk.dub/es/translation.srt'],
      ['dub redo talk.dub --dry-run', 'only show the changed lines and what they would cost'],
      ['dub redo talk.mp4 --from-stage translate', 'ask for every line anew'],
    ],
  },
  check: {
    summary: 'measure a finished dub',
    operands: '<output or work folder…>',
    settings: ['work', 'strict', ...machine, ...shown, 'profile'],
    calls: ['lang', 'config', 'help', 'version'],
    examples: [['dub check talk.es.mp4', 'every gate, measured on the file']],
  },
  doctor: {
    summary: 'say what this machine has and what is missing',
    operands: '',
    settings: [...machine, ...engines, ...shown, 'profile'],
    calls: ['config', 'help', 'version'],
    examples: [['dub doctor', 'exit 0 when a dub can be made here']],
  },
  voices: {
    summary: "list an engine's voices",
    operands: '[delete NAME…|--all] [--own] [--tts NAME] [--lang LANG]',
    settings: ['tts', 'offline', ...engines, ...shown, 'profile'],
    calls: ['own', 'all', 'lang', 'config', 'help', 'version'],
    examples: [
      ['dub voices --tts espeak-ng --lang es', 'names to give to --voice'],
      ['dub voices --own --tts qwen', 'cloned voices that the account keeps'],
      ['dub voices delete --all --tts qwen', 'away with those that dub has made'],
    ],
  },
  cast: {
    summary: 'show or change who speaks for whom',
    operands: 'show|set|suggest <work folder or input> [SPEAKER=VOICE…]',
    settings: ['tts', 'work', 'script', 'from', ...machine, ...engines, ...shown, 'profile'],
    calls: ['lang', 'config', 'help', 'version'],
    examples: [
      ['dub cast show talk.dub', 'each speaker with engine, voice, pitch'],
      ['dub cast set talk.dub A=Cherry B=ben.wav', 'the next run uses it'],
      ['dub cast suggest talk.mp4 --tts qwen --lang es', 'voices that fit each pitch, before any run, too'],
    ],
  },
  providers: {
    summary: 'list the engines and services, or check one',
    operands: '[check KIND:NAME]',
    settings: [...engines, ...shown, 'profile'],
    calls: ['config', 'help', 'version'],
    examples: [['dub providers check tts:espeak-ng', 'tries one out']],
  },
  costs: {
    summary: 'add up what was spent, by month, engine and input',
    operands: '[--month 2026-11]',
    settings: ['cache', 'currency', ...shown, 'profile'],
    calls: ['month', 'config', 'help', 'version'],
    examples: [['dub costs --month 2026-11 --json', 'one month, for a script']],
  },
  clean: {
    summary: 'give up what is kept between runs, by age, size or job',
    operands: '[--older-than 30d] [--max-size 5G] [--job talk.dub]',
    settings: ['cache', 'work', 'dryRun', ...shown, 'profile'],
    calls: ['olderThan', 'maxSize', 'job', 'config', 'help', 'version'],
    examples: [
      ['dub clean --older-than 30d --dry-run', 'what a month without use would free'],
      ['dub clean --job talk.dub', 'everything that one film used'],
    ],
  },
  config: {
    summary: 'show every setting and where it comes from',
    operands: '',
    settings: 'all',
    calls: ['config', 'help', 'version'],
    examples: [['dub config --profile night', 'what would hold with that profile']],
  },
  completion: {
    summary: 'print the completion of a shell',
    operands: 'bash|zsh|fish',
    settings: [],
    calls: ['help', 'version'],
    examples: [['eval "$(dub completion bash)"', 'in .bashrc; zsh: source <(dub completion zsh)']],
  },
};

/** The names a person can type after `dub`. */
export const commandNames = Object.keys(commandTable) as readonly CommandName[];
