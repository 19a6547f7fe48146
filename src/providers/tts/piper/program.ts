/**
 * The two programs called piper. They spell their options differently, and the newer one *speaks* an option it does
 * not know, so they are told apart before use.
 */
export type PiperDialect = 'rhasspy' | 'ohf';

/**
 * Which piper printed this help: `rhasspy` (C++, with `--json-input`) or `ohf` (Python: piper-tts and its predecessor);
 * undefined for another program, such as the settings tool for mice of the same name.
 */
export function readDialect(help: string): PiperDialect | undefined {
  if (/--json-input/.test(help)) return 'rhasspy';
  return /--output[-_]raw/.test(help) && /--data[-_]dir/.test(help) ? 'ohf' : undefined;
}

/** What is asked of piper in one run; the text goes to standard input. */
export interface PiperCall {
  readonly modelPath: string;
  readonly configPath: string;
  readonly outputPath: string;
  readonly speaker: number | undefined;
  /** 1.25 is slower. */
  readonly lengthScale: number | undefined;
}

/** The arguments in the program's own spelling. `-f` is always there: without it the newer one plays the sound. */
export function piperArguments(dialect: PiperDialect, call: PiperCall): string[] {
  const scale = dialect === 'rhasspy' ? '--length_scale' : '--length-scale';
  return [
    ...['-m', call.modelPath, '-c', call.configPath, '-f', call.outputPath],
    ...(call.speaker === undefined ? [] : ['-s', String(call.speaker)]),
    ...(call.lengthScale === undefined ? [] : [scale, String(call.lengthScale)]),
    ...(dialect === 'rhasspy' ? ['-q'] : []),
  ];
}
