/** Grams per kWh in one pound per MWh: the international avoirdupois pound is 0.45359237 kg exactly. */
export const GRAMS_PER_KWH_IN_LB_PER_MWH = 0.45359237;

/** gCO2e/kWh of an intensity in lbs/MWh, as American sources give it. */
export function gramsOfPounds(lbsPerMwh: number): number {
  return lbsPerMwh * GRAMS_PER_KWH_IN_LB_PER_MWH;
}
