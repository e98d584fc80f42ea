SELECT set_config('TimeZone', $1, false),
       set_config('DateStyle', 'ISO, YMD', false),
       set_config('IntervalStyle', 'postgres', false),
       set_config('bytea_output', 'hex', false),
       set_config('extra_float_digits', '1', false),
       set_config('standard_conforming_strings', 'on', false),
       set_config('cursor_tuple_fraction', '1', false)
