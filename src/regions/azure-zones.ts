/**
 * Azure regions and the Electricity Maps zones they draw from, by the physical locations in Microsoft's list of regions
 * (learn.microsoft.com/azure/reliability/regions-list), restricted regions, Azure Government and China included. Regions that
 * are only announced are left out.
 */
export const AZURE_ZONES = {
  eastus: 'US-MIDA-PJM', // Virginia
  eastus2: 'US-MIDA-PJM', // Boydton, Virginia
  northcentralus: 'US-MIDA-PJM', // Chicago: ComEd is in PJM, the rest of Illinois in MISO
  centralus: 'US-MIDW-MISO', // Des Moines
  southcentralus: 'US-TEX-ERCO', // San Antonio
  westcentralus: 'US-NW-WACM', // Cheyenne, Wyoming
  westus: 'US-CAL-CISO',
  westus2: 'US-NW-GCPD', // Quincy, Washington: Grant County's own hydro power
  westus3: 'US-SW-AZPS', // Phoenix
  canadacentral: 'CA-ON', // Toronto
  canadaeast: 'CA-QC', // Quebec
  mexicocentral: 'MX', // Queretaro
  brazilsouth: 'BR-CS', // Sao Paulo
  brazilsoutheast: 'BR-CS', // Rio de Janeiro
  chilecentral: 'CL-SEN', // Santiago

  northeurope: 'IE',
  westeurope: 'NL',
  uksouth: 'GB',
  ukwest: 'GB',
  francecentral: 'FR',
  francesouth: 'FR',
  germanywestcentral: 'DE',
  germanynorth: 'DE',
  switzerlandnorth: 'CH',
  switzerlandwest: 'CH',
  austriaeast: 'AT',
  belgiumcentral: 'BE',
  denmarkeast: 'DK-DK2', // Zealand
  italynorth: 'IT-NO', // Milan
  norwayeast: 'NO-NO1', // Oslo
  norwaywest: 'NO-NO2', // Stavanger
  polandcentral: 'PL',
  spaincentral: 'ES', // Madrid
  swedencentral: 'SE-SE3', // Gavle
  swedensouth: 'SE-SE4', // Malmo

  israelcentral: 'IL',
  israelnorthwest: 'IL',
  qatarcentral: 'QA',
  uaenorth: 'AE',
  uaecentral: 'AE',
  southafricanorth: 'ZA',
  southafricawest: 'ZA',

  centralindia: 'IN-WE', // Pune
  westindia: 'IN-WE', // Mumbai
  southindia: 'IN-SO', // Chennai
  indiasouthcentral: 'IN-SO', // Hyderabad
  jioindiacentral: 'IN-WE', // Nagpur
  jioindiawest: 'IN-WE', // Jamnagar
  eastasia: 'HK',
  southeastasia: 'SG',
  indonesiacentral: 'ID', // Jakarta
  malaysiawest: 'MY-WM', // Kuala Lumpur
  japaneast: 'JP-TK', // Tokyo
  japanwest: 'JP-KN', // Osaka
  koreacentral: 'KR',
  koreasouth: 'KR',
  australiacentral: 'AU-NSW', // Canberra
  australiacentral2: 'AU-NSW', // Canberra
  australiaeast: 'AU-NSW', // Sydney
  australiasoutheast: 'AU-VIC', // Melbourne
  newzealandnorth: 'NZ', // Auckland

  usgovvirginia: 'US-MIDA-PJM',
  usgovtexas: 'US-TEX-ERCO', // San Antonio
  usgovarizona: 'US-SW-AZPS', // Phoenix
  usdodeast: 'US-MIDA-PJM', // Virginia
  usdodcentral: 'US-MIDW-MISO', // Iowa

  chinanorth: 'CN', // Beijing
  chinanorth2: 'CN', // Beijing
  chinanorth3: 'CN', // Hebei
  chinaeast: 'CN', // Shanghai
  chinaeast2: 'CN', // Shanghai
  chinaeast3: 'CN', // Jiangsu
} as const satisfies Readonly<Record<string, string>>;
