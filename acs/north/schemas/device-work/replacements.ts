// Shapes of the swap of a device.
import { Type } from 'typebox';
import { closed, text } from '../common.ts';
import { device } from '../devices.ts';

export const replacementInput = closed({
  newId: text('The id of the device that takes the place; it may be one that has never come'),
});
export const replacement = Type.Object({ old: device, new: device });
