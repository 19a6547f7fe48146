/** A model file that takes the speech out of the sound, and what its user says of it. */
export interface SeparatorModel {
  /** Absolute path of the ONNX file. */
  readonly path: string;
  /** What it gives, when neither its names nor its file's tell. */
  readonly gives?: 'vocals' | 'background' | undefined;
  /** Which of several it gives that is, from 0. */
  readonly index?: number | undefined;
  /** Length of its Fourier transform, samples; only for models on spectra. */
  readonly nFft?: number | undefined;
  /** Gain of what it gives, for models that give it too soft. */
  readonly compensate?: number | undefined;
  /** Where a runtime is looked for besides where the program is. */
  readonly folder: string;
}

/** A program with its arguments, or a model. */
export type Separator = readonly string[] | SeparatorModel;
