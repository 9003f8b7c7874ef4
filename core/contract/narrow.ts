/** Styles of the documentation page for narrow screens: what is wide is broken or scrolls within itself. */
export const narrow = `@media (max-width: 640px) {
  .swagger-ui { overflow-x: clip; }
  .swagger-ui .curl-command pre { max-width: 100%; overflow-x: auto; }
  .swagger-ui .response-col_status { width: 3.5em; overflow-wrap: normal !important; }
  .swagger-ui .wrapper { padding: 0 8px; }
  .swagger-ui .info .title { overflow-wrap: anywhere; }
  .swagger-ui .opblock .opblock-summary { flex-wrap: wrap; }
  .swagger-ui .opblock .opblock-summary-path { max-width: 100%; }
  .swagger-ui .opblock-body, .swagger-ui .responses-inner, .swagger-ui .table-container, .swagger-ui .model-box {
    max-width: 100%;
    overflow-x: auto;
  }
  .swagger-ui table { table-layout: fixed; }
  .swagger-ui table td, .swagger-ui table th { overflow-wrap: anywhere; }
  .swagger-ui select, .swagger-ui input, .swagger-ui textarea { min-width: 0; max-width: 100%; }
  .swagger-ui .topbar-wrapper { flex-wrap: wrap; }
}
`
