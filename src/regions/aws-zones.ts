/** AWS regions and the Electricity Maps zones they draw from. Those of intelligence services are left out: nobody says where they are. */
export const AWS_ZONES = {
  'us-east-1': 'US-MIDA-PJM',
  'us-east-2': 'US-MIDA-PJM',
  'us-west-1': 'US-CAL-CISO',
  'us-west-2': 'US-NW-PACW',
  'ca-central-1': 'CA-QC',
  'ca-west-1': 'CA-AB',
  'mx-central-1': 'MX',
  'sa-east-1': 'BR-CS',
  'eu-west-1': 'IE',
  'eu-west-2': 'GB',
  'eu-west-3': 'FR',
  'eu-central-1': 'DE',
  'eu-central-2': 'CH',
  'eu-north-1': 'SE-SE3',
  'eu-south-1': 'IT-NO',
  'eu-south-2': 'ES',
  'af-south-1': 'ZA',
  'me-south-1': 'BH',
  'me-central-1': 'AE',
  'il-central-1': 'IL',
  'ap-south-1': 'IN-WE',
  'ap-south-2': 'IN-SO',
  'ap-southeast-1': 'SG',
  'ap-southeast-2': 'AU-NSW',
  'ap-southeast-3': 'ID',
  'ap-southeast-4': 'AU-VIC',
  'ap-southeast-5': 'MY-WM',
  'ap-southeast-6': 'NZ',
  'ap-southeast-7': 'TH',
  'ap-northeast-1': 'JP-TK',
  'ap-northeast-2': 'KR',
  'ap-northeast-3': 'JP-KN',
  'ap-east-1': 'HK',
  'ap-east-2': 'TW', // Taipei

  // Partitions of their own
  'us-gov-east-1': 'US-MIDA-PJM', // Ohio
  'us-gov-west-1': 'US-NW-PACW', // Oregon
  'cn-north-1': 'CN', // Beijing
  'cn-northwest-1': 'CN', // Ningxia
  'eusc-de-east-1': 'DE', // Brandenburg
} as const satisfies Readonly<Record<string, string>>;
