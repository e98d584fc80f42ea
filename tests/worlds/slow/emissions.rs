//! Emissions of a room and a day by section 5.

use std::collections::BTreeMap;

use chrono::{Duration, NaiveDate};
use chrono_tz::Tz;
use metrics_core::lca::room::{PowerSupply, RoomDescription, RoomFactors};

use super::{Slow, first_instant_of};
use crate::worlds::world::Unit;

/// Emissions of a day by section 5, boundary "production".
#[derive(Debug, Clone, PartialEq)]
pub struct Co2 {
    pub total: Option<f64>,
    pub idle: Option<f64>,
    /// With the cold room, and without it.
    pub crops: Option<BTreeMap<String, [f64; 2]>>,
    pub electricity: Option<f64>,
    pub refrigerant: f64,
    pub disposal: [f64; 2],
    pub production: [f64; 2],
}

impl Slow<'_> {
    pub(super) fn room(&self, unit: &Unit) -> RoomDescription {
        let power = self.world.powers.iter().filter(|row| row.cooling_unit_id == unit.id).max_by_key(|row| row.id);
        let [room_length_m, room_width_m, room_height_m] = unit.room_size_m;
        RoomDescription {
            power: power.map(|row| PowerSupply {
                daily_room_kwh: row.daily_room_wattage,
                power_source: row.source.clone(),
                diesel_perc: None,
                grid_perc: row.grid_percent,
                pv_perc: row.pv_percent,
                biomass_perc: None,
                refrigerant_type: Some(row.refrigerant_type.clone()),
                refrigerant_kg: row.amount_refrigerant,
            }),
            room_length_m,
            room_width_m,
            room_height_m,
            country: self.world.company_of(unit).and_then(|company| company.country.clone()),
        }
    }

    /// Part of a day that had passed at the run.
    pub(super) fn elapsed_share(&self, date: NaiveDate, zone: Tz) -> f64 {
        let start = first_instant_of(date, zone).expect("the day exists");
        let end =
            (1..4).find_map(|n| first_instant_of(date + chrono::Days::new(n), zone)).expect("no zone skips three days");
        let seconds = |span: Duration| span.num_microseconds().expect("short") as f64;
        (seconds(self.world.as_of - start) / seconds(end - start)).min(1.0)
    }

    /// Emissions by section 5 from stock and releases by crop.
    pub(super) fn co2(
        &self,
        room: &RoomFactors,
        loss: Option<f64>,
        elapsed: f64,
        masses: &[(String, f64, f64)],
    ) -> Co2 {
        let electricity = match (room.electricity_kwh_per_day, room.electricity_kg_co2e_per_kwh) {
            (Some(energy), Some(factor)) => Some(energy.value() * factor.value() * elapsed),
            _ => None,
        };
        let refrigerant = room.refrigerant_kg_co2e_per_day.value() * elapsed;
        let loss_cold = loss.unwrap_or(room.food_loss_cold_default_ratio.value());
        let loss_ambient = room.food_loss_ambient_ratio.value();
        let disposal_factor = room.disposal_kg_co2e_per_kg.value();
        let stock: f64 = masses.iter().map(|(_, stock, _)| stock).sum();
        let mut crops = BTreeMap::new();
        let (mut disposal, mut production) = ([0.0; 2], [0.0; 2]);
        for (crop, stock_of_crop, released) in
            masses.iter().filter(|(_, stock, released)| *stock > 0.0 || *released > 0.0)
        {
            let footprint = self.parameters.production_footprint(crop).value();
            for (place, share) in [loss_cold, loss_ambient].into_iter().enumerate() {
                disposal[place] += share * released * disposal_factor;
                production[place] += share * released * footprint;
            }
            let of_food = |share: f64| share * released * (disposal_factor + footprint);
            let of_room = if stock > 0.0 { stock_of_crop / stock } else { 0.0 };
            let energy = (electricity.unwrap_or(0.0) + refrigerant) * of_room;
            crops.insert(crop.clone(), [energy + of_food(loss_cold), of_food(loss_ambient)]);
        }
        let idle = electricity.map(|electricity| if stock > 0.0 { 0.0 } else { electricity + refrigerant });
        let saved: f64 = crops.values().map(|[cold, none]| none - cold).sum();
        Co2 {
            total: idle.map(|idle| saved - idle),
            idle,
            crops: electricity.map(|_| crops),
            electricity,
            refrigerant,
            disposal,
            production,
        }
    }
}
