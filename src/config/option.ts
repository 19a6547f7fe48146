import type { DubErrorCode } from '../errors.js';
import type { Config } from './config.js';

/** Where a raw value stands: names it in errors and says what relative paths start from. */
export interface Place {
  /** The flag, the variable, or the key and its file, as an error names it. */
  readonly label: string;
  /** Folder that relative paths start from. */
  readonly folder: string;
  readonly code: Extract<DubErrorCode, 'USAGE' | 'CONFIG_INVALID'>;
}

/** Turns a raw value (text from flags and variables, plain data from files) into the setting, or throws a `DubError`. */
export type Reader<Value> = (raw: unknown, place: Place) => Value;

/** What is looked at besides flags, variables and files when a default depends on the machine. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly cwd: string;
  readonly platform: NodeJS.Platform;
}

/** Headings of `dub --help`, in order. */
export const optionGroups = [
  'Languages and text',
  'Engines',
  'Result',
  'Trouble',
  'Money',
  'Files',
  'This run',
] as const;

/** An option of a provider, which is named by kind and name: `tts:piper`. */
export interface Feed {
  readonly provider: string;
  readonly option: string;
}

/** One option, defined once: help, tables, the example file and the reading of values all come from here. */
export interface OptionSpec<Value> {
  readonly group: (typeof optionGroups)[number];
  /** Long flag with its dashes, undefined when only files can set it. A boolean's other half is `--no-…`. */
  readonly flag?: string;
  readonly short?: string;
  /** Name of the value in help; undefined for switches. */
  readonly value?: string;
  /** What the flag stands for without `=value`; a value must then be written with the `=`. */
  readonly bare?: string;
  /** True when the flag may be given several times. */
  readonly repeat?: boolean;
  /** Variables, the first one found wins. */
  readonly env?: readonly string[];
  /** True when a config file may set it, under the key's own name. */
  readonly rc: boolean;
  readonly read: Reader<Value>;
  readonly default: Value | ((around: Surroundings) => Value);
  /** The default in words, where the value itself would not tell. */
  readonly defaultText?: string;
  readonly choices?: readonly string[];
  /** One or two lines: what it does, ending without a full stop. */
  readonly help: string;
  /** True for keys and passwords: no flag sets them and no command shows them. */
  readonly secret?: boolean;
  /** True when the value names a program or code to run: not taken from a file that was merely found. */
  readonly runs?: boolean;
  /** The provider options this is a shorthand for: one setting may serve several providers of one account. */
  readonly feeds?: readonly Feed[];
  /** For switches whose useful flag is the negative one: `--no-keep-original`. */
  readonly negative?: boolean;
  /** An example value for the example file, as JSON. */
  readonly example?: unknown;
}

/** An entry for every setting there is. */
export type OptionTable = { readonly [Key in keyof Config]: OptionSpec<Config[Key]> };
