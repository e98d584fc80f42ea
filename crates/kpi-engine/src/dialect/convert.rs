//! `convert_to(x, 'JSON')` and `convert_from(x, 'UTF8')`.

use std::sync::Arc;

use datafusion::arrow::array::{Array as _, BinaryBuilder, StringBuilder};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::cast::as_binary_array;
use datafusion::common::{Result, ScalarValue, exec_err, plan_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use crate::value;

/// The JSON text of a value, as bytes; null of null.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct ConvertTo(Signature);

/// The text in bytes of UTF-8.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct ConvertFrom(Signature);

impl Default for ConvertTo {
    fn default() -> Self {
        Self(Signature::any(2, Volatility::Immutable))
    }
}

impl Default for ConvertFrom {
    fn default() -> Self {
        Self(Signature::exact(vec![DataType::Binary, DataType::Utf8], Volatility::Immutable))
    }
}

/// Refuses another form than `wanted` in the second argument.
fn require(function: &str, argument: Option<&ColumnarValue>, wanted: &str) -> Result<()> {
    match argument {
        Some(ColumnarValue::Scalar(
            ScalarValue::Utf8(Some(form)) | ScalarValue::Utf8View(Some(form)) | ScalarValue::LargeUtf8(Some(form)),
        )) if form.eq_ignore_ascii_case(wanted) || form.eq_ignore_ascii_case("utf-8") && wanted == "UTF8" => Ok(()),
        _ => exec_err!("{function} takes '{wanted}' as its second argument"),
    }
}

impl ScalarUDFImpl for ConvertTo {
    fn name(&self) -> &'static str {
        "convert_to"
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Binary)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        require("convert_to", args.args.get(1), "JSON")?;
        let Some(input) = args.args.first() else { return plan_err!("convert_to takes two arguments") };
        let array = input.to_array(args.number_rows)?;
        let mut builder = BinaryBuilder::new();
        let mut text = String::new();
        for row in 0..array.len() {
            if array.is_null(row) {
                builder.append_null();
            } else {
                text.clear();
                value::write(&mut text, array.as_ref(), row).map_err(crate::failure::through)?;
                builder.append_value(&text);
            }
        }
        Ok(ColumnarValue::Array(Arc::new(builder.finish())))
    }
}

impl ScalarUDFImpl for ConvertFrom {
    fn name(&self) -> &'static str {
        "convert_from"
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        require("convert_from", args.args.get(1), "UTF8")?;
        let Some(input) = args.args.first() else { return plan_err!("convert_from takes two arguments") };
        let array = input.to_array(args.number_rows)?;
        let bytes = as_binary_array(&array)?;
        let mut builder = StringBuilder::new();
        for value in bytes {
            match value.map(std::str::from_utf8) {
                None => builder.append_null(),
                Some(Ok(text)) => builder.append_value(text),
                Some(Err(error)) => return exec_err!("convert_from: not UTF-8: {error}"),
            }
        }
        Ok(ColumnarValue::Array(Arc::new(builder.finish())))
    }
}
