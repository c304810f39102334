pub(crate) fn render(_results: &assay_model::results::Results) -> Result<Vec<u8>, crate::ReportError> { Ok(Vec::new()) }
