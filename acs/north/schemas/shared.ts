// Shapes that several operations answer with, by their names in the API description.
import type { TSchema } from 'typebox';
import { device } from './devices.ts';
import { fault } from './faults.ts';
import { file } from './files.ts';
import { preset } from './presets.ts';
import { task } from './tasks.ts';

export const shared: Readonly<Record<string, TSchema>> = {
  Device: device,
  Task: task,
  Fault: fault,
  Preset: preset,
  File: file,
};
