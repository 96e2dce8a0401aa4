/** The part of @tgwf/co2's data that gridgate reads; the package has no types. Values in gCO2e/kWh, lifecycle. */
declare module '@tgwf/co2/data/electricity-maps' {
  export const yearly2025: {
    readonly data: Readonly<Record<string, { readonly carbonIntensity: { readonly value: number } }>>;
  };
}
