declare module 'virtual:palette.css';
declare module 'virtual:mantine-variables.css';
