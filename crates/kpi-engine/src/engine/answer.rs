//! Rows of a result → the answer that is stored.

use datafusion::arrow::array::RecordBatch;
use metrics_core::kpi::{Answer, ErrorKind, Failure};
use metrics_core::kpi::{Form, Kpi};

use crate::dialect::Keys;
use crate::failure::failure;
use crate::value;

/// Takes rows until it has enough.
pub(super) struct Collector<'a> {
    kpi: &'a Kpi,
    keys: &'a Keys,
    /// Keys of the columns, as JSON texts.
    names: Vec<String>,
    value: String,
    rows: usize,
    is_truncated: bool,
}

impl<'a> Collector<'a> {
    /// Nothing taken yet.
    pub fn new(kpi: &'a Kpi, keys: &'a Keys) -> Self {
        Self { kpi, keys, names: Vec::new(), value: String::new(), rows: 0, is_truncated: false }
    }

    /// The columns that the engine gives.
    pub fn start(&mut self, names: &[String]) -> Result<(), Failure> {
        match self.kpi.form {
            Form::Count if names.len() != 1 => {
                Err(failure(ErrorKind::Shape, format!("a count has one column, not {}", names.len())))
            }
            Form::Count => Ok(()),
            Form::Rows => {
                self.names = self.keys.resolve(names);
                for name in &mut self.names {
                    let mut quoted = String::with_capacity(name.len() + 2);
                    value::text(&mut quoted, name);
                    *name = quoted;
                }
                self.value.push('[');
                Ok(())
            }
        }
    }

    /// Takes a row, given as JSON texts; false if no more are needed.
    pub fn row(&mut self, cells: Vec<String>) -> Result<bool, Failure> {
        match self.kpi.form {
            Form::Count => {
                self.value = cells.into_iter().next().unwrap_or_default();
                self.rows = 1;
                Ok(false)
            }
            Form::Rows => {
                if self.rows == self.kpi.max_rows {
                    return self.cut();
                }
                self.begin_object();
                for (at, cell) in cells.iter().enumerate() {
                    self.begin_member(at);
                    self.value.push_str(cell);
                }
                self.value.push('}');
                Ok(true)
            }
        }
    }

    /// Takes rows of a batch; false if no more are needed.
    pub fn batch(&mut self, batch: &RecordBatch) -> Result<bool, Failure> {
        for row in 0..batch.num_rows() {
            match self.kpi.form {
                Form::Count => {
                    value::write(&mut self.value, batch.column(0).as_ref(), row)?;
                    self.rows = 1;
                    return Ok(false);
                }
                Form::Rows => {
                    if self.rows == self.kpi.max_rows {
                        return self.cut();
                    }
                    self.begin_object();
                    for (at, column) in batch.columns().iter().enumerate() {
                        self.begin_member(at);
                        value::write(&mut self.value, column.as_ref(), row)?;
                    }
                    self.value.push('}');
                }
            }
        }
        Ok(true)
    }

    fn cut(&mut self) -> Result<bool, Failure> {
        if self.kpi.truncates {
            self.is_truncated = true;
            return Ok(false);
        }
        Err(failure(ErrorKind::TooManyRows, format!("more than {} rows", self.kpi.max_rows)))
    }

    fn begin_object(&mut self) {
        self.value.push_str(if self.rows == 0 { "{" } else { ",{" });
        self.rows += 1;
    }

    fn begin_member(&mut self, at: usize) {
        if at > 0 {
            self.value.push(',');
        }
        self.value.push_str(self.names.get(at).map_or("\"\"", String::as_str));
        self.value.push(':');
    }

    /// The answer, of all rows that were taken.
    pub fn finish(mut self) -> Result<Answer, Failure> {
        match self.kpi.form {
            Form::Count if self.rows == 0 => Err(failure(ErrorKind::Shape, "a count has a row, there is none")),
            Form::Count => {
                let value_num = match self.value.as_str() {
                    "null" => None,
                    number => {
                        let nearest = number.parse::<f64>().map_err(|_| {
                            failure(ErrorKind::Value, format!("a count is a number, not {}", shortened(number)))
                        })?;
                        // A number of a thousand digits has its digits, and no number of the processor near it.
                        Some(nearest).filter(|number| number.is_finite())
                    }
                };
                Ok(Answer { value: self.value, value_num, rows: None, is_truncated: false })
            }
            Form::Rows => {
                self.value.push(']');
                let rows = u32::try_from(self.rows)
                    .map_err(|_| failure(ErrorKind::TooManyRows, "more rows than can be counted"))?;
                Ok(Answer { value: self.value, value_num: None, rows: Some(rows), is_truncated: self.is_truncated })
            }
        }
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(50).collect()
}
