// The voice service of TR-104: the unit's lines under the names of the Broadband Forum, while Cwmp.Tr104Enable is on. It keeps nothing
// of its own: each parameter reads and writes the variables of SipEp, Mipt and EpAdm. Those with a plain counterpart say so in the model.
import type { Service } from '../service.ts';
import { codecLists, codecValues, codecWrites } from './codecs.ts';
import { callRows, callValues, resetCounts } from './line-calls.ts';
import { lineRows, lineValues, lineWrites } from './line-settings.ts';
import { LINE, PROFILE, VOICE } from './paths.ts';
import { profileValues, profileWrites } from './profile.ts';

export const voiceService: Service = {
  name: 'VoiceService',
  values: {
    [`${VOICE}Capabilities.MaxLineCount`]: unit => String(lineRows(unit).length),
    ...profileValues,
    ...lineValues,
    ...codecValues,
    ...callValues,
  },
  writes: { ...profileWrites, ...lineWrites, ...codecWrites },
  rows: { [LINE.slice(0, -4)]: lineRows, ...codecLists, ...callRows },
  rowCommands: {
    [`${PROFILE}Reset`]: unit => unit.services.command('SipEp', 'Restart'),
    [`${LINE}Stats.ResetStatistics`]: async (unit, line) => resetCounts(unit, line),
  },
};
