// All targets of the fuzz, by name.
import type { Target } from './lab.ts';
import { openAcsLab } from './labs/acs.ts';
import { plantedTargets } from './planted/targets.ts';
import { cwmpConversations } from './targets/acs-cwmp.ts';

export const targets: readonly Target[] = [
  {
    name: 'acs-cwmp',
    about: 'sessions of CPEs with the ACS: logins, cookies, gzip, chunks, TLS',
    conversations: cwmpConversations,
    lanes: 24,
    open: openAcsLab,
  },
];

/** Those with a fault on purpose are chosen by their full name only. `acs` stands for all of the ACS. @returns the names that are no target */
export function chosenTargets(names: readonly string[]): { chosen: Target[]; unknown: string[] } {
  const fits = (target: Target, name: string): boolean => target.name === name || target.name.startsWith(`${name}-`);
  const planted = plantedTargets.filter(({ name }) => names.includes(name));
  const chosen = targets.filter(target => names.length === 0 || names.some(name => fits(target, name)));
  return {
    chosen: [...chosen, ...planted],
    unknown: names.filter(name => ![...targets, ...planted].some(target => fits(target, name))),
  };
}
