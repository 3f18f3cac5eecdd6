// Places of the voice service in the data model (TR-104 1.1), as templates without the root.

export const VOICE = 'Services.VoiceService.{i}.';
export const PROFILE = `${VOICE}VoiceProfile.{i}.`;
export const LINE = `${PROFILE}Line.{i}.`;

/** The line in the instance numbers of a path below it: service, profile, line, … */
export const lineOf = (instances: readonly number[]): number => instances[2] ?? 0;
